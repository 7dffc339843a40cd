/** Mail: letters put into an outbox with what they tell of, and delivered afterwards. */
export { deliverMail, maximumAttempts, waitAfter, type Delivery } from './deliver.ts';
export { setLetter, type Letter } from './letter.ts';
export {
  Mailer,
  openMessage,
  requireMailer,
  type LinkPage,
  type MailerOptions,
  type Posting,
  type SealedMessage,
} from './mailer.ts';
export { assertMessage, quotedName, type Message } from './message.ts';
export {
  holdMail,
  listHeldMail,
  purgeMail,
  readMailQueue,
  type HeldMessage,
  type MailQueue,
} from './queue.ts';
export { createSmtpTransport, MailError, type MailTransport, type SmtpOptions } from './transport.ts';
