/* Two batches on two lanes: locks, look-ups, and copies of a command that arrive through another lane. Do P7, P8 hold?
 *
 *   P7  no deadlock (every search of this model wants none)
 *   P8  a command that comes through both lanes has one effect
 *
 * README.md beside this says which Swift function or SQL does each step. Each switch's default is the code.
 */

#ifndef SORTED          /* 11: lanes, ids, users, devices, each in its order; 0: in the order of the batch */
#define SORTED 1
#endif
#ifndef LOCK_IDS        /* 10: the commands' ids are locked before they are looked up */
#define LOCK_IDS 1
#endif
#ifndef LOOK_UP_LAST    /* the look-up stands after the users' locks; 0: before them, as in the code */
#define LOOK_UP_LAST 0
#endif
#ifndef USER_ROWS       /* the commands' users have rows to lock; 0: first enrolment, import, `tokentype.*`, list */
#define USER_ROWS 1
#endif
#ifndef OTHER_KEY       /* the copies name another user: they have to be `id_reused` */
#define OTHER_KEY 0
#endif
#ifndef SPAN            /* each batch is of both lanes */
#define SPAN 0
#endif
#ifndef UNIQUE_LEAF     /* the inbox's partitions have a unique index; a second row fails and its batch is done again */
#define UNIQUE_LEAF 1
#endif
#ifndef MIDNIGHT        /* a new partition of the inbox may begin in between */
#define MIDNIGHT 0
#endif

#define NOBODY 2

byte lane[2] = NOBODY, id[2] = NOBODY, user[2] = NOBODY;        /* who holds the lock */
bool stored[2];
byte leaf[2], today = 0;                                        /* the partition of a row; the one of new rows */
byte effects[2], ends = 0;

#define LOCK(what) atomic { (what == NOBODY || what == me) -> what = me }

/* Both of a kind: worker 0's batch has them as 0 1, worker 1's as 1 0. */
#define LOCK_BOTH(what) if \
  :: SORTED || me == 0 -> LOCK(what[0]); LOCK(what[1]) \
  :: !SORTED && me == 1 -> LOCK(what[1]); LOCK(what[0]) \
  fi

inline unlock_all() {
  for (x : 0 .. 1) {
    if :: lane[x] == me -> lane[x] = NOBODY :: else fi;
    if :: id[x] == me -> id[x] = NOBODY :: else fi;
    if :: user[x] == me -> user[x] = NOBODY :: else fi
  }
}

inline look_up() {
  atomic { known0 = stored[0]; known1 = stored[1] }
}

inline decide(command, known) {
  if :: !known -> effects[command]++; stored[command] = 1; leaf[command] = day :: else fi
}

#define TAKEN(command, known) (!known && stored[command] && leaf[command] == day)

/* Worker 0 has commands 0 and 1 (users 0 and 1), worker 1 the copies 1 and 0. */
proctype Batch(byte me) {
  byte x, day;
  bool known0, known1;
begin:
  day = today;
  if :: SPAN -> LOCK_BOTH(lane) :: else -> LOCK(lane[me]) fi;                               /* B2 */
  if :: LOCK_IDS -> LOCK_BOTH(id) :: else fi;                                               /* B3 */
  if :: !LOOK_UP_LAST -> look_up() :: else fi;                                              /* B4 */
  if
  :: USER_ROWS && !OTHER_KEY -> LOCK_BOTH(user)                                             /* B5 */
  :: USER_ROWS && OTHER_KEY -> LOCK(user[me])
  :: else
  fi;
  if :: LOOK_UP_LAST -> look_up() :: else fi;
  atomic {                                                                                  /* B9-B11 */
    if
    :: UNIQUE_LEAF && (TAKEN(0, known0) || TAKEN(1, known1)) -> unlock_all(); goto begin
    :: else -> decide(0, known0); decide(1, known1); assert(effects[0] <= 1 && effects[1] <= 1); unlock_all()
    fi };
  ends++
}

active proctype Midnight() { if :: MIDNIGHT -> today = 1 :: else fi }

init { atomic { run Batch(0); run Batch(1) }; (ends == 2) -> assert(effects[0] == 1 && effects[1] == 1) }
