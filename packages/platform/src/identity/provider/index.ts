export {
  chooseTenant,
  chosenTenant,
  endSession,
  noteApplicationSignIn,
  noteReuse,
  reachOf,
  readPerson,
  type Person,
  type SignInPlace,
} from './applicationSignIn.ts';
export {
  createClient,
  findClient,
  findResource,
  isClientSecret,
  listClients,
  operatorRegistrar,
  removeClient,
  rotateClientSecret,
  type ClientAuthentication,
  type ClientRegistration,
  type ProviderClient,
  type Registrar,
} from './client.ts';
export {
  claimLogouts,
  expireSignIns,
  finishLogout,
  logoutAttempts,
  logoutBackoff,
  purgeRecords,
  type DueLogout,
} from './logout.ts';
export { ProviderRecords, type RecordModel, type RecordPayload, type RecordSave } from './record.ts';
