/** The audit ledger: sealing, checkpoints, anchors, witnesses, proofs, verification. */
export {
  directoryAnchor,
  keepFile,
  noteName,
  type Anchor,
  type Anchored,
  type ConsistencyProver,
} from './anchor.ts';
export { chainState, type AnchorKind, type ChainState } from './chainState.ts';
export {
  ChainVerifier,
  type ChainReport,
  type Finding,
  type FindingKind,
  type Link,
  type Start,
  type TrustedCheckpoint,
} from './chainVerifier.ts';
export { checkChains, type ChainCheck } from './chainChecks.ts';
export {
  chainsToCheckpoint,
  checkpointChain,
  InconsistentChain,
  type CheckpointParts,
  type SignedCheckpoint,
} from './checkpoint.ts';
export {
  decodeEntry,
  encodeEntry,
  fieldNames,
  serviceChain,
  type EntryFields,
  type FieldName,
} from './encoding.ts';
export { cutChain, removeCutEntries } from './retention.ts';
export { ExportError } from './exportLines.ts';
export { verifyExport, type ExportHeader, type ExportLine, type ExportReport } from './exportFile.ts';
export { writeExport } from './exportChain.ts';
export {
  auditIdentity,
  chainOf,
  formatKeys,
  originOf,
  secretKey,
  verifiersFor,
  type AuditIdentity,
} from './key.ts';
export {
  consistencyHolds,
  consistencyProof,
  GrowingTree,
  inclusionHolds,
  inclusionProof,
  leafOf,
  rangeRoot,
} from './merkle.ts';
export {
  formatVerifier,
  NoteError,
  parseCheckpoint,
  parseNote,
  parseVerifier,
  signaturesOf,
  verifierOf,
  type Verifier,
} from './note.ts';
export { notesInHand, openAnchor, type KeptNote, type NoteSource } from './notes.ts';
export { proofHolds, type EntryProof } from './entryProof.ts';
export { proveEntry } from './proveEntry.ts';
export type { AuditorClient } from './auditorClient.ts';
export { s3Anchor } from './s3Anchor.ts';
export type { PutObject, PutObjectSender } from './s3Bucket.ts';
export { openS3Bucket, parseS3Address, S3ClientMissing, type S3Address, type S3Bucket } from './s3Bucket.ts';
export { seal, sealAll, sealBacklog, sealRound, type LedgerPool, type Round } from './seal.ts';
export { keepTiles, TreeReader } from './treeReader.ts';
export { verifyDatabase, type DatabaseReport, type VerifyOptions } from './verifyDatabase.ts';
export { Witness, type WitnessAnswer, type WitnessParts } from './witness.ts';
export { postWithFetch, witnessAnchor, WitnessRefusal, type Poster } from './witnessAnchor.ts';
