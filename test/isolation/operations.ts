import { removeTrials, updateTrials } from './changeTrials.ts';
import { rightsOf, type Scene } from './expectation.ts';
import { insertTrials } from './insertTrials.ts';
import { readTrials } from './readTrials.ts';
import { referenceTrials } from './referenceTrials.ts';
import type { Trial } from './trial.ts';

/** The operations on a protected table that a scene allows to tell, each with the one outcome that is right. */
export function trialsOf(scene: Scene): Trial[] {
  const rights = rightsOf(scene);
  return [
    ...readTrials(scene, rights),
    ...insertTrials(scene, rights),
    ...updateTrials(scene, rights),
    ...removeTrials(scene, rights),
    ...referenceTrials(scene, rights),
  ];
}
