/* Two batches that name one device by its serial number: users are locked before devices, but who holds a device shows
 * only once it is read. No deadlock (P7), no batch that begins anew for ever, and no change of a device without the
 * locks of the user who had it and of the one who gets it?
 *
 * README.md beside this says which Swift function or SQL does each step. The default is the code.
 */

#ifndef DEVICE_FIRST    /* 11: 1: on a `~` key the device is locked, then its holder */
#define DEVICE_FIRST 0
#endif
#ifndef BEGIN_ANEW      /* 11: 1: a holder who is not locked: everything is let go and begun anew with that user too */
#define BEGIN_ANEW 1
#endif
#ifndef BATCHES         /* how many each worker handles */
#define BATCHES 3
#endif

#define NOBODY 2
#define STOCK 2         /* held by no user */

byte user[2] = NOBODY, device = NOBODY;                         /* who has the lock */
byte holder = STOCK;

#define LOCK(what) atomic { (what == NOBODY || what == me) -> what = me }
#define IS_MINE(u) (u == STOCK || user[u] == me)

inline unlock_all() {
  if :: user[0] == me -> user[0] = NOBODY :: else fi;
  if :: user[1] == me -> user[1] = NOBODY :: else fi;
  if :: device == me -> device = NOBODY :: else fi
}

proctype Worker(byte me) {
  byte batches = BATCHES;
  bool wanted[2];
  do
  :: batches > 0 ->
     /* A command of a user, or one on a `~` key, which names none. */
     if :: wanted[0] = 1 :: wanted[1] = 1 :: skip fi;
begin:
     if
     :: DEVICE_FIRST && !wanted[0] && !wanted[1] -> LOCK(device); if :: holder != STOCK -> LOCK(user[holder]) :: else fi
     :: else
     fi;
     if :: wanted[0] -> LOCK(user[0]) :: else fi;                                           /* B5 */
     if :: wanted[1] -> LOCK(user[1]) :: else fi;
     LOCK(device);                                                                          /* B6 */
     if
     :: BEGIN_ANEW && !IS_MINE(holder) -> atomic { wanted[holder] = 1; unlock_all() }; goto begin
     :: else
     fi;
     atomic {                                                                               /* B9-B11 */
       assert(IS_MINE(holder));
       /* Assigned to a user of the command, put back, or left. */
       if
       :: user[0] == me -> holder = 0
       :: user[1] == me -> holder = 1
       :: holder = STOCK
       :: skip
       fi;
       unlock_all(); wanted[0] = 0; wanted[1] = 0; batches--
     }
  :: else -> break
  od
}

init { atomic { run Worker(0); run Worker(1) } }
