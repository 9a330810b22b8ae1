/* One lane, two workers with a producer each, a log, a database, and every fault: do P1-P6 hold?
 *
 * README.md beside this says what the properties are and which Swift function or SQL does each step; `searches` lists
 * what is searched and what must come out. Steps are numbered as there: T1-T4 of a takeover, B1-B13 of a batch.
 */

/* ---- Mends: 1 is the protocol as it is, 0 takes one back (the number is the mend's). ------------------------------ */

#ifdef DRAFT            /* what the protocol was before it was checked */
#define FENCE 0
#define IDLE 0
#define TAKE_OVER_ANEW 0
#define ORDERED 0
#define KEEP_OWED 0
#define PASS_OVER 0
#define MONOTONIC 0
#define PROBE 0
#define OVERLAP 1
#endif

#ifndef FENCE           /* 1: a takeover raises the epoch under the lane's lock; a batch commits under its own epoch only */
#define FENCE 1
#endif
#ifndef IDLE            /* 2: an owner writes answered_through and looks at the epoch beside its batches */
#define IDLE 1
#endif
#ifndef ACKNOWLEDGED    /* 3: answered_through counts what is acknowledged; 0: "the batch before this one" */
#define ACKNOWLEDGED 1
#endif
#ifndef TAKE_OVER_ANEW  /* 4: any error of a transaction ends in a takeover; 0: the batch is tried again */
#define TAKE_OVER_ANEW 1
#endif
#ifndef ORDERED         /* 5: a message that failed is sent again before those behind it */
#define ORDERED 1
#endif
#ifndef KEEP_OWED       /* 6: retention drops nothing that a lane still owes */
#define KEEP_OWED 1
#endif
#ifndef PASS_OVER       /* 7: unknown, too old and below next_offset is passed over; 0: answered `expired` */
#define PASS_OVER 1
#endif
#ifndef MONOTONIC       /* 8: received_at never goes back within a lane; 0: the transaction's own clock */
#define MONOTONIC 1
#endif
#ifndef PROBE           /* 9: a new owner looks at the record before the group's offset: is it still the same log? */
#define PROBE 1
#endif
#ifndef PROOF           /* 9: by the lane row's last_record where that is the record; 0: by the inbox alone */
#define PROOF 1
#endif
#ifndef SHORTER         /* 9: a log that ends before the record to look at is another one */
#define SHORTER 1
#endif
#ifndef LOOK_UP         /* the inbox look-up is a statement after the lane's lock; 0: a snapshot from before it */
#define LOOK_UP 1
#endif
#ifndef OVERLAP         /* 0: one batch at a time; 1: the next is sent before the acknowledgements; 2: after them */
#define OVERLAP 2
#endif

/* ---- Faults: how often each may happen. ---------------------------------------------------------------------------- */

#ifndef MOVES           /* Kafka gives the lane to the other worker */
#define MOVES 0
#endif
#ifndef CRASHES         /* a worker dies and comes back */
#define CRASHES 0
#endif
#ifndef ZOMBIES         /* batches that a worker takes which is not assigned any more */
#define ZOMBIES 0
#endif
#ifndef ENDED           /* the server ends a transaction whose worker stands still */
#define ENDED 0
#endif
#ifndef COMMIT_ERRORS   /* a commit fails, or succeeds and nobody hears of it */
#define COMMIT_ERRORS 0
#endif
#ifndef PRODUCE_ERRORS  /* a message is not written, or written and nobody hears of it */
#define PRODUCE_ERRORS 0
#endif
#ifndef OFFSETS_LOST    /* the group's offset is gone */
#define OFFSETS_LOST 0
#endif
#ifndef VANISHED        /* the log's first record is removed, after its effect */
#define VANISHED 0
#endif
#ifndef AGED            /* the horizon passes: records are too old, their inbox rows may be dropped */
#define AGED 0
#endif
#ifndef RECREATED       /* the topic is deleted and made anew with two records; with STOPPED both workers are down */
#define RECREATED 0
#endif
#ifndef CLOCK_STEPS     /* the database's clock goes on, or back */
#define CLOCK_STEPS 0
#endif

/* ---- Scope. -------------------------------------------------------------------------------------------------------- */

#ifndef RECORDS         /* 2-4, of the commands 0 1 2 2; the third is a copy of the first where COPY */
#define RECORDS 3
#endif
#ifdef ARRIVING         /* they are written one by one, not there from the start */
#define WRITTEN 0
#else
#define WRITTEN RECORDS
#endif
#ifdef COPY
#define THIRD 0
#else
#define THIRD 2
#endif
#ifndef NEW_SECOND      /* what the re-created topic's second record is; 3 is the first one's command */
#define NEW_SECOND 4
#endif

/* ---- Properties: PROP names those that are judged. ----------------------------------------------------------------- */

#define P1 1            /* a command has at most one effect */
#define P2 2            /* at rest: exactly one (or `expired`), and what was done was answered */
#define P3 4            /* no two different answers are sent for one command */
#define P4 8            /* no `expired` for what was done */
#define P5 16           /* the first answers come in the order of the commands */
#define P6 32           /* answered_through covers nothing that is not acknowledged */
#ifndef PROP
#define PROP (P1 | P2 | P3 | P4 | P5 | P6)
#endif
#define CHECK(property, condition) assert(!((PROP) & property) || (condition))

#define COMMANDS 5
#define NOBODY 2
#define NONE 9
#define EXPIRED 7

/* The command in the record at an offset of the log's first or second life. */
#define COMMAND(life, offset) ((life) -> ((offset) == 0 -> 3 : NEW_SECOND) \
                                       : ((offset) == 0 -> 0 : ((offset) == 1 -> 1 : ((offset) == 2 -> THIRD : 2))))

/* ---- State. -------------------------------------------------------------------------------------------------------- */

/* Kafka: the assignment, the group's offset (0: none), the log. */
byte assigned = 0, group_offset = 0, low = 0, high = WRITTEN;
bit life = 0;
byte too_old = 0;                       /* records of the first life below it are older than the horizon */

/* PostgreSQL: the lane row. Whose takeover was the last is all that comparing epochs tells. */
byte epoch_of = NOBODY, batch_seq = 0, answered_through = 0, unanswered_since = 0, next_offset = 0, last_at = 0;
byte last_record = NONE;                /* the life that the record at next_offset - 1 is of */
byte locked_by = NOBODY;
byte clock = 1, keep_from = 0;          /* rows received at keep_from or before may be dropped */

/* PostgreSQL: the inbox. An answer's bytes are a number that differs with each decision. */
bool stored[COMMANDS];
byte stored_seq[COMMANDS], stored_answer[COMMANDS], stored_at[COMMANDS];

/* Ghosts: what the world has seen. */
byte effects[COMMANDS], decisions[COMMANDS], first_answer[COMMANDS];
bool answered[COMMANDS], acknowledged[COMMANDS], expired[COMMANDS];

/* The producers' queues: command and bytes of what is not acknowledged yet. */
chan queue[2] = [6] of { byte, byte };
bool crash[2];

byte moves = MOVES, crashes = CRASHES, zombies = ZOMBIES, ended = ENDED, commit_errors = COMMIT_ERRORS,
     produce_errors = PRODUCE_ERRORS, offsets_lost = OFFSETS_LOST, vanished = VANISHED, aged = AGED,
     recreated = RECREATED, clock_steps = CLOCK_STEPS;

#define SETTLED(worker) (len(queue[worker]) == 0)

/* ---- Producing. ---------------------------------------------------------------------------------------------------- */

inline append(command, answer) {
  CHECK(P3, first_answer[command] == 0 || first_answer[command] == answer || answer == EXPIRED ||
            first_answer[command] == EXPIRED);
  CHECK(P4, !(answer == EXPIRED && effects[command] > 0));
  CHECK(P4, first_answer[command] == 0 || first_answer[command] == answer);
  CHECK(P5, answered[command] || life == 1 || command > 2 ||
            ((command < 1 || decisions[0] == 0 || answered[0]) &&
                (command < 2 || decisions[1] == 0 || answered[1])));
  answered[command] = 1;
  if :: first_answer[command] == 0 -> first_answer[command] = answer :: else fi
}

inline behind_the_others(command, answer) {
  if :: ORDERED -> skip :: else -> queue[me]?command, answer; queue[me]!command, answer fi
}

proctype Producer(byte me) {
  byte command, answer;
  do
  :: atomic { queue[me]?<command, answer> ->
       if
       :: append(command, answer); acknowledged[command] = 1; queue[me]?command, answer
       :: produce_errors > 0 -> produce_errors--; append(command, answer); behind_the_others(command, answer)
       :: produce_errors > 0 -> produce_errors--; behind_the_others(command, answer)
       fi;
       command = 0; answer = 0 }
  od
}

inline purge() {
  do :: len(queue[me]) > 0 -> queue[me]?_, _ :: else -> break od
}

/* ---- The lane row. ------------------------------------------------------------------------------------------------- */

inline check_answered() {
  x = 0;
  do
  :: x < COMMANDS -> CHECK(P6, !stored[x] || stored_seq[x] > answered_through || acknowledged[x]); x++
  :: else -> break
  od;
  x = 0
}

inline mark() {
  answered_through = (acked > answered_through -> acked : answered_through);
  check_answered()
}

/* B13: all that was sent is acknowledged. The offset is committed without waiting; a zombie's may be refused. */
inline settle() {
  acked = sent; resume = sent_to;
  if :: group_offset = sent_to :: assigned != me -> skip fi
}

/* B9: the record at `offset`; its answer goes to `command0` or `command1`. */
inline decide(offset) {
  c = COMMAND(life, offset);
  if
  :: (!LOOK_UP && (snapshot & (1 << c))) || (LOOK_UP && stored[c]) || (stored[c] && stored_seq[c] == batch_seq) ->
     a = stored_answer[c]
  :: else ->
     if
     :: life == 0 && offset < too_old && PASS_OVER && offset < next_offset -> a = 0
     :: life == 0 && offset < too_old && !(PASS_OVER && offset < next_offset) -> a = EXPIRED; expired[c] = 1
     :: else -> CHECK(P1, effects[c] == 0); effects[c]++; decisions[c]++; a = decisions[c]
     fi;
     if
     :: a > 0 -> stored[c] = 1; stored_seq[c] = batch_seq; stored_answer[c] = a; stored_at[c] = received_at
     :: else
     fi
  fi;
  if
  :: a > 0 && command0 == NONE -> command0 = c; answer0 = a
  :: a > 0 && command0 != NONE -> command1 = c; answer1 = a
  :: else
  fi;
  c = 0; a = 0
}

/* B8-B11: time, decisions, rows; all of it becomes visible at once. */
inline commit() {
  batch_seq++; my_seq = batch_seq; command0 = NONE; command1 = NONE;
  if
  :: MONOTONIC -> received_at = (clock > last_at -> clock : last_at)
  :: else -> received_at = begun_at
  fi;
  last_at = received_at;
  if
  :: ACKNOWLEDGED -> mark()
  :: else -> answered_through = (sent > answered_through -> sent : answered_through); check_answered()
  fi;
  if :: answered_through == batch_seq - 1 -> unanswered_since = received_at :: else fi;
  decide(pos);
  if :: count == 2 -> decide(pos + 1) :: else fi;
  if :: pos + count > next_offset -> next_offset = pos + count; last_record = life :: else fi;
  received_at = 0
}

/* ---- A worker. ----------------------------------------------------------------------------------------------------- */

/* B12: the batch's answers are handed to the producer. */
inline ship() {
  if :: command0 != NONE -> queue[me]!command0, answer0 :: else fi;
  if :: command1 != NONE -> queue[me]!command1, answer1 :: else fi;
  sent = my_seq; pos = pos + count; sent_to = pos;
  forget_batch()
}

inline forget_batch() {
  command0 = NONE; command1 = NONE; answer0 = 0; answer1 = 0; count = 0; snapshot = 0; begun_at = 0
}

inline forget_lane() {
  pos = 0; resume = 0; sent_to = 0; my_seq = 0; sent = 0; acked = 0; pass_probe()
}

inline pass_probe() {
  probing = 0; probe = 0; proof = NONE
}

/* T4: a log that is another one is read from its beginning; what lies below next_offset is new where that is proved. */
inline read_from_beginning() {
  if :: proof != NONE && epoch_of == me -> next_offset = 0; last_record = NONE :: else fi;
  pos = low; resume = low; pass_probe()
}

#define IS_KNOWN(offset) (proof != NONE -> proof == life : stored[COMMAND(life, offset)])

proctype Worker(byte me) {
  byte pos, count, resume, sent_to;     /* offsets: to be taken, to go on at after a fault, after the last batch sent */
  byte my_seq, sent, acked;             /* batches: committed last, sent last, acknowledged whole with all before */
  byte probe, proof = NONE;             /* the record to look at, and the life that the lane row says it is of */
  bool probing;
  byte command0 = NONE, command1 = NONE, answer0, answer1, snapshot, begun_at, received_at, x, c, a;
start:
  { skip;
unassigned:
    atomic { assigned == me ->
      resume = (group_offset > 0 && PROBE -> group_offset - 1 : group_offset);
      resume = (resume > low -> resume : low);
      probing = (PROBE && group_offset > 0); probe = (probing -> group_offset - 1 : 0) };
takeover:
    atomic {                                                              /* T1, T2 */
      (!FENCE || locked_by == NOBODY) -> purge();
      if :: FENCE -> epoch_of = me :: else fi;
      proof = (PROOF && probing && next_offset == probe + 1 -> last_record : NONE);
      my_seq = batch_seq; sent = batch_seq; acked = answered_through; sent_to = resume;
      x = answered_through + 1;
      do
      :: x <= batch_seq -> c = 0;
         do
         :: c < COMMANDS ->
            if
            :: stored[c] && stored_seq[c] == x && stored_at[c] >= unanswered_since -> queue[me]!c, stored_answer[c]
            :: else
            fi;
            c++
         :: else -> break
         od;
         c = 0; x++
      :: else -> break
      od;
      x = 0 };
    atomic { SETTLED(me) -> acked = sent; pos = resume };                 /* T3, T4 */
loop:
    do
    :: atomic { assigned != me ->                                         /* told of the revocation */
         forget_lane(); goto unassigned }
    :: atomic { OVERLAP > 0 && SETTLED(me) && acked < sent -> settle() }
    :: atomic { IDLE && FENCE && locked_by == NOBODY && epoch_of == me && acked > answered_through -> mark() }
    :: atomic { IDLE && FENCE && locked_by == NOBODY && epoch_of != me && assigned == me -> goto fenced }
    :: atomic { pos < low || pos > high -> pos = low }                    /* out of range: the broker goes to the earliest */
    :: atomic { probing && low <= pos && pos < high && pos > probe -> pass_probe() }                          /* T4 */
    :: atomic { probing && low <= pos && pos < high && pos == probe && IS_KNOWN(pos) ->
         pos++; resume = pos; pass_probe() }
    :: atomic { probing && low <= pos && pos < high && locked_by == NOBODY &&
                (pos < probe || pos == probe && !IS_KNOWN(pos)) -> read_from_beginning() }
    :: atomic { probing && low <= pos && pos == high && SHORTER && high <= probe ->
         proof = NONE; read_from_beginning() }
    :: atomic { !probing && (assigned == me || zombies > 0) && low <= pos && pos < high && /* B1 */
                (OVERLAP != 1 || SETTLED(me) || sent - acked < 2) ->
         if :: assigned != me -> zombies-- :: else fi;
         if :: count = 1 :: pos + 2 <= high -> count = 2 fi };
begin:
#if !LOOK_UP || CLOCK_STEPS
       atomic {
         if
         :: !LOOK_UP -> snapshot = stored[0] + 2 * stored[1] + 4 * stored[2] + 8 * stored[3] + 16 * stored[4]
         :: else
         fi;
         if :: CLOCK_STEPS -> begun_at = clock :: else fi };
#endif
       atomic { locked_by == NOBODY -> locked_by = me };                  /* B2-B6 */
       atomic {                                                           /* B7-B11 */
         if
         :: locked_by != me -> if :: TAKE_OVER_ANEW -> goto failed :: else -> goto begin fi
         :: locked_by == me && FENCE && epoch_of != me -> locked_by = NOBODY; forget_batch(); goto fenced
         :: locked_by == me && (!FENCE || epoch_of == me) && pos < high ->
            if
            :: commit(); locked_by = NOBODY
            :: commit_errors > 0 -> commit_errors--; locked_by = NOBODY; goto failed
            :: commit_errors > 0 -> commit_errors--; commit(); locked_by = NOBODY; goto failed
            fi
         :: locked_by == me && (!FENCE || epoch_of == me) && pos >= high ->  /* the topic was re-created under us */
            locked_by = NOBODY; forget_batch(); goto loop
         fi };
       atomic { (OVERLAP == 1 || SETTLED(me));                            /* B12 */
         if :: OVERLAP == 2 && acked < sent -> settle() :: else fi;
         ship() };
#if OVERLAP == 0
       atomic { SETTLED(me) -> settle() }
#else
       skip
#endif
    od;
failed:                                                                   /* an error, or doubt: forget all, take over */
    atomic {
      if
      :: TAKE_OVER_ANEW -> forget_batch(); goto takeover
      :: else ->                                                          /* the batch again, perhaps split */
         command0 = NONE; command1 = NONE; answer0 = 0; answer1 = 0;
         if :: count == 2 -> count = 1 :: count == 2 -> skip :: else fi;
         goto begin
      fi };
fenced:                                                                   /* another owner: settle, then give way */
    atomic { SETTLED(me) -> if :: acked < sent -> settle() :: else fi };
    if :: assigned == me -> goto takeover :: atomic { assigned != me -> forget_lane(); goto unassigned } fi
  } unless {
    atomic { crash[me] ->                                                 /* the server rolls back; nothing is remembered */
      crash[me] = 0; purge(); forget_batch();
      if :: locked_by == me -> locked_by = NOBODY :: else fi;
      forget_lane();
      received_at = 0; x = 0; c = 0; a = 0 }
  };
  goto start
}

/* ---- The world. ---------------------------------------------------------------------------------------------------- */

#ifdef ARRIVING
active proctype Sender() {
  do :: atomic { life == 0 && high < RECORDS && too_old == 0 -> high++ } od
}
#endif

active proctype Faults() {
  byte x;
  do
  :: break
  :: atomic { moves > 0 -> moves--; assigned = 1 - assigned }
  :: atomic { crashes > 0 -> crashes--; if :: crash[0] = 1 :: crash[1] = 1 fi }
  :: atomic { ended > 0 && locked_by != NOBODY -> ended--; locked_by = NOBODY }
  :: atomic { offsets_lost > 0 && group_offset > 0 -> offsets_lost--; group_offset = 0 }
  :: atomic { vanished > 0 && low < high && decisions[COMMAND(life, low)] > 0 -> vanished--; low++ }
  :: atomic { clock_steps > 0 -> clock_steps--; if :: clock++ :: clock > 0 -> clock-- fi }
  :: atomic { aged > 0 && high == RECORDS -> aged--; too_old = high; keep_from = clock; clock++ }
  :: atomic { keep_from > 0 && /* retention, once */
              !(KEEP_OWED && answered_through < batch_seq && unanswered_since <= keep_from) ->
       x = 0;
       do
       :: x < COMMANDS ->
          if
          :: stored[x] && stored_at[x] <= keep_from ->
             stored[x] = 0; stored_seq[x] = 0; stored_answer[x] = 0; stored_at[x] = 0
          :: else
          fi;
          x++
       :: else -> break
       od;
       break }
  :: atomic { recreated > 0 && high > 0 -> recreated--; life = 1; low = 0; high = 2;
       if :: group_offset = 0 :: skip fi;
#ifdef STOPPED
       crash[0] = 1; crash[1] = 1
#endif
     }
  od
}

/* At rest: nothing can move any more. */
active proctype AtRest() {
  byte x = 0;
  timeout -> atomic {
    do
    :: x < COMMANDS -> CHECK(P2, effects[x] == 0 || answered[x]); x++
    :: else -> break
    od;
    x = low;
    do
    :: x < high -> CHECK(P2, effects[COMMAND(life, x)] == 1 || expired[COMMAND(life, x)]); x++
    :: else -> break
    od;
    x = 0 }
}

init { atomic { run Worker(0); run Worker(1); run Producer(0); run Producer(1) } }
