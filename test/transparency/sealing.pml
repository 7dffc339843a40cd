/* The sealing protocol of docs/design/audit-sealing.md, in Promela: writers take a transaction number, then ids, in any
 * interleaving with two workers whose rounds are taken apart into their statements, and may die between any two of them.
 *
 *   spin -a sealing.pml && gcc -O2 -DSAFETY -o pan pan.c && ./pan          the protocol: no error
 *   spin -DNAIVE -a …      the high-water mark by id: loses entries
 *   spin -DUNLOCKED -a …   rounds that do not look whether another was faster: seal twice
 *   spin -DIDFIRST -a …    ids taken before the transaction's number: breaks the order
 */
#ifndef WRITERS
#define WRITERS 2
#endif
#ifndef PER
#define PER 1
#endif
#define WORKERS 2
#ifndef ROUNDS
#define ROUNDS 2
#endif
#define XIDS 8
#define IDS 8

/* Postgres: transaction numbers, which of them have ended, the sequence. */
byte next_xid = 1;
bool ended[XIDS];
bool committed[XIDS];
byte last_completed = 0;
byte sequence = 0;

/* Entries by id: the writing transaction, 0 for none. */
byte entry_xid[IDS];
byte sealed[IDS];
/* Order in which it was sealed, and the transactions (as bits) that had ended when its own began. */
byte place[IDS];
byte next_place = 1;
byte earlier[XIDS];
byte ended_bits = 0;

/* audit_sealer: the snapshot, as xmax and the set of those running below it, and the floors. */
byte round = 0;
byte s_xmax = 1;
bool s_running[XIDS];
byte mark_xid = 0, mark_id = 0;       /* the newest mark */
byte old_xid = 0, old_id = 0;         /* the one before */
byte high = 0;                        /* NAIVE: the high-water mark */
bool lock = false;

byte writers_done = 0;

inline end_xid(x, commits) {
  d_step {
    ended[x] = true; committed[x] = commits; ended_bits = ended_bits | (1 << x);
    if :: x > last_completed -> last_completed = x :: else -> skip fi
  }
}

proctype Writer() {
  byte x, n, id;
#ifdef IDFIRST
  atomic { sequence++; id = sequence }
  atomic { x = next_xid; next_xid++; earlier[x] = ended_bits }
  entry_xid[id] = x;
#else
  atomic { x = next_xid; next_xid++; earlier[x] = ended_bits }
  for (n : 1 .. PER) {
    atomic { sequence++; id = sequence }
    entry_xid[id] = x
  }
#endif
  if
  :: end_xid(x, true)
  :: end_xid(x, false)
  fi
  atomic { writers_done++; x = 0; id = 0 }
}

/* Below this id, transaction t has no entries. */
#define floor_of(t) ((mark_xid > 0 && mark_xid <= (t)) -> mark_id : ((old_xid > 0 && old_xid <= (t)) -> old_id : 0))

proctype Worker() {
  byte q, seen_xmax, my_round, x, id, r, lowest, mine;
  bool seen_running[XIDS];
  for (r : 1 .. ROUNDS) {
    q = sequence;
    /* One statement: the state and the snapshot. */
    d_step {
      my_round = round;
      seen_xmax = last_completed + 1;
      for (x : 1 .. XIDS - 1) { seen_running[x] = (x < seen_xmax && !ended[x]) }
    }
#ifdef UNLOCKED
    atomic { mine = next_xid; next_xid++ }
#else
    atomic {
      if
      :: lock || round != my_round -> goto next   /* skip locked; another was faster */
      :: else -> lock = true; mine = next_xid; next_xid++
      fi
    }
#endif
    /* The worker may die here: its transaction ends, nothing it did remains. */
    if
    :: skip
    :: atomic { lock = false }; end_xid(mine, false); goto next
    fi;
    /* The round's statements and its commit: what it writes becomes visible at once, or not at all. */
    d_step {
#ifdef NAIVE
      for (id : 1 .. IDS - 1) {
        if
        :: id > high && entry_xid[id] > 0 && committed[entry_xid[id]] -> sealed[id]++; place[id] = next_place; next_place++
        :: else -> skip
        fi
      }
      for (id : 1 .. IDS - 1) { if :: sealed[id] > 0 && id > high -> high = id :: else -> skip fi }
#else
      lowest = floor_of(s_xmax);
      for (x : 1 .. XIDS - 1) {
        if
        :: s_running[x] && x < seen_xmax && !seen_running[x] && floor_of(x) < lowest -> lowest = floor_of(x)
        :: else -> skip
        fi
      }
      for (id : 1 .. IDS - 1) {
        x = entry_xid[id];
        if
        :: id > lowest && x > 0 && committed[x] && x < seen_xmax && !seen_running[x] && (x >= s_xmax || s_running[x]) ->
           sealed[id]++; place[id] = next_place; next_place++
        :: else -> skip
        fi
      }
      s_xmax = seen_xmax;
      for (x : 1 .. XIDS - 1) { s_running[x] = seen_running[x] }
      old_xid = mark_xid; old_id = mark_id;
      /* Thinning may drop any mark but must keep one below the oldest running writer, or none at all. */
      for (x : 1 .. XIDS - 1) { if :: seen_running[x] && x < old_xid -> old_xid = 0; old_id = 0 :: else -> skip fi }
      mark_xid = mine; mark_id = q;
#endif
      round++;
      lock = false
    }
    end_xid(mine, true);
next: skip;
    d_step { q = 0; seen_xmax = 0; my_round = 0; x = 0; id = 0; lowest = 0; mine = 0;
      for (x : 1 .. XIDS - 1) { seen_running[x] = false }
      x = 0 }
  }
  atomic { writers_done++ }
}

init {
  byte id, other, w, x;
  atomic {
    for (w : 1 .. WRITERS) { run Writer() }
    for (w : 1 .. WORKERS) { run Worker() }
  }
  writers_done == WRITERS + WORKERS;
  /* What is left is sealed by one more round: everything is at rest. */
  atomic {
    for (id : 1 .. IDS - 1) {
      x = entry_xid[id];
#ifdef NAIVE
      if :: id > high && x > 0 && committed[x] -> sealed[id]++; place[id] = next_place; next_place++ :: else -> skip fi
#else
      if
      :: x > 0 && committed[x] && (x >= s_xmax || s_running[x]) ->
         assert(id > floor_of(x));
         sealed[id]++; place[id] = next_place; next_place++
      :: else -> skip
      fi
#endif
    }
    for (id : 1 .. IDS - 1) {
      x = entry_xid[id];
      /* Every committed entry is sealed once, no other at all. */
      assert((x > 0 && committed[x]) -> (sealed[id] == 1) : (sealed[id] == 0));
      /* What was committed before another began stands before it. */
      for (other : 1 .. IDS - 1) {
        if
        :: sealed[id] > 0 && sealed[other] > 0 && (earlier[entry_xid[other]] & (1 << x)) != 0 -> assert(place[id] < place[other])
        :: else -> skip
        fi
      }
    }
  }
}
