/**
 * Words that common passwords are made of, folded to lower case with digits read as the letters they stand for, longest
 * matches first when used. Drawn from the words that recur in published lists of the most frequent passwords.
 */
export const blockedWords: readonly string[] = `
password passwort passwd passphrase motdepasse contrasena senha parola wachtwoord admin administrator root user
guest login logon signin welcome willkommen bienvenue letmein letmeln openup secret geheim private default changeme
change temp temporary test testing tester demo sample example company business office account accounting
bookkeeping books invoice finance bank money dollar euro work home family mother father mom dad daughter son sister
brother wife husband baby angel princess prince king queen master lord boss chief hello hallo howdy goodbye goodmorning
iloveyou ilovemy love lover lovely lovers forever always never sunshine sunny rainbow flower butterfly summer winter
spring autumn fall january february march april may june july august september october november december monday tuesday
wednesday thursday friday saturday sunday dragon monkey tiger lion eagle bear wolf horse dog cat puppy kitten
shadow batman superman spiderman pokemon pikachu naruto starwars matrix football soccer baseball basketball hockey
tennis golf liverpool chelsea arsenal barcelona juventus yankees cowboys lakers steelers eagles rangers ferrari porsche
mercedes mustang harley corvette yamaha honda toyota michael michelle jennifer jessica jordan thomas robert daniel
andrew joshua matthew anthony william charlie george martin alexander christopher nicole ashley amanda hannah
sophie samantha maria anna laura computer internet windows microsoft apple google facebook amazon linkedin samsung
android iphone server database postgres cloud network security secure system service access freedom trustno trustnoone
whatever nothing something anything cheese chocolate cookie coffee pepper ginger banana orange cherry peanut
pussy fuck fucking fuckyou shit bitch asshole sexy sex hunter ranger soldier ninja killer warrior gandalf merlin
phoenix thunder storm lucky magic diamond silver golden gold purple yellow blue green black white red pink
america london berlin paris madrid canada england germany france spain india china japan jesus christ god heaven
blessed faith maggie buster tigger bailey snoopy garfield mickey donald simpsons qazwsx qwaszx zaqwsx asdzxc please
thankyou thanks good morning night happy birthday number one two three four five six seven eight nine ten
`
  .trim()
  .split(/\s+/);

const forward = [
  '01234567890',
  'abcdefghijklmnopqrstuvwxyz',
  'qwertyuiop',
  'asdfghjkl',
  'zxcvbnm',
  'qwertzuiop',
  'yxcvbnm',
  'azertyuiop',
  'qsdfghjklm',
  'wxcvbn',
  '1qaz2wsx3edc4rfv5tgb6yhn7ujm',
  'qazwsxedcrfvtgbyhnujm',
];

/** Neighbouring keys, letters and digits, in both directions. */
export const keyboardRuns: readonly string[] = [
  ...forward,
  ...forward.map((run) => Array.from(run).toReversed().join('')),
];
