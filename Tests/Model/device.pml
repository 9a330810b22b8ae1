/* Batches that name devices by serial number, and batches of the users who hold them: users are locked before devices,
 * but who holds a device shows only once it is read, and a user's batch locks its devices by writing them. No deadlock
 * (P7), no batch that begins anew for ever, and no change of a device without the lock of the user who has it?
 *
 * README.md beside this says which Swift function or SQL does each step. The default is the code.
 */

#ifndef DEVICE_FIRST    /* 11: 1: on a `~` key the device is locked, then its holder */
#define DEVICE_FIRST 0
#endif
#ifndef BEGIN_ANEW      /* 11: a holder who is not locked: everything is let go and begun anew with that user too */
#define BEGIN_ANEW 1
#endif
#ifndef LEAVE_FOREIGN   /* 11: a device of a user who is not locked is not locked; 0: it is, until all is begun anew */
#define LEAVE_FOREIGN 1
#endif
#ifndef LOCK_NAMES      /* 11: the serial numbers that a batch names are locked, sorted, before users and devices */
#define LOCK_NAMES 1
#endif
#ifndef BATCHES         /* how many each worker handles */
#define BATCHES 2
#endif

#define NOBODY 2
#define STOCK 2         /* held by no user */

byte serial[2] = NOBODY, user[2] = NOBODY, device[2] = NOBODY;    /* who has the lock */
byte holder[2] = STOCK;

#define LOCK(what) atomic { (what == NOBODY || what == me) -> what = me }
#define IS_OURS(u) (u == STOCK || user[u] == me)

inline unlock_all() {
  if :: serial[0] == me -> serial[0] = NOBODY :: else fi;
  if :: serial[1] == me -> serial[1] = NOBODY :: else fi;
  if :: user[0] == me -> user[0] = NOBODY :: else fi;
  if :: user[1] == me -> user[1] = NOBODY :: else fi;
  if :: device[0] == me -> device[0] = NOBODY :: else fi;
  if :: device[1] == me -> device[1] = NOBODY :: else fi
}

/* One row of the statement that locks: who held the device when the statement began decides whether it is waited for.
 * One that changed hands meanwhile stays locked, though it is not looked at. */
inline lock_device(d, seen) {
  if
  :: names[d] && (!LEAVE_FOREIGN || IS_OURS(seen)) -> LOCK(device[d])
  :: else
  fi
}

/* Assigned to a user of the batch, put back, or left as it is. */
inline change(d) {
  assert(IS_OURS(holder[d]));
  if
  :: user[0] == me -> holder[d] = 0
  :: user[1] == me -> holder[d] = 1
  :: holder[d] = STOCK
  :: skip
  fi
}

#define IS_OWN(d) (holder[d] != STOCK && user[holder[d]] == me)

inline write_device(d) {
  if :: IS_OWN(d) -> LOCK(device[d]) :: else fi
}

/* By the token's id, which its user's commands name; or it is left. */
inline put_back(d) {
  if :: holder[d] = STOCK :: skip fi
}

proctype Worker(byte me) {
  byte batches = BATCHES, seen0, seen1;
  bool wanted[2], names[2];
  do
  :: batches > 0 ->
     /* Commands of a user, or on a `~` key, which has none; they name devices, or none. */
     atomic {
       if :: wanted[0] = 1 :: wanted[1] = 1 :: skip fi;
       if :: names[0] = 1 :: skip fi;
       if :: names[1] = 1 :: skip fi
     };
begin:
     if :: LOCK_NAMES && names[0] -> LOCK(serial[0]) :: else fi;                              /* B3 */
     if :: LOCK_NAMES && names[1] -> LOCK(serial[1]) :: else fi;
     if
     :: DEVICE_FIRST && names[0] && !wanted[0] && !wanted[1] ->
        LOCK(device[0]);
        if :: holder[0] != STOCK -> LOCK(user[holder[0]]) :: else fi
     :: else
     fi;
     if :: wanted[0] -> LOCK(user[0]) :: else fi;                                           /* B5 */
     if :: wanted[1] -> LOCK(user[1]) :: else fi;
     atomic { seen0 = holder[0]; seen1 = holder[1] };                                       /* B6 */
     lock_device(0, seen0);
     lock_device(1, seen1);
     atomic {
       if
       :: BEGIN_ANEW && (names[0] && (device[0] != me || !IS_OURS(holder[0])) ||
                         names[1] && (device[1] != me || !IS_OURS(holder[1]))) ->
          if :: names[0] && holder[0] != STOCK -> wanted[holder[0]] = 1 :: else fi;
          if :: names[1] && holder[1] != STOCK -> wanted[holder[1]] = 1 :: else fi;
          unlock_all(); seen0 = 0; seen1 = 0;
          goto begin
       :: else
       fi };
     /* B10: a user's own devices are locked by writing them, named or not, in any order. */
     if
     :: true -> write_device(0); write_device(1)
     :: true -> write_device(1); write_device(0)
     fi;
     atomic {
       if :: names[0] -> change(0) :: IS_OWN(0) && !names[0] -> put_back(0) :: else fi;
       if :: names[1] -> change(1) :: IS_OWN(1) && !names[1] -> put_back(1) :: else fi;
       unlock_all();
       wanted[0] = 0; wanted[1] = 0; names[0] = 0; names[1] = 0; seen0 = 0; seen1 = 0; batches--
     }
  :: else -> break
  od
}

init { atomic { run Worker(0); run Worker(1) } }
