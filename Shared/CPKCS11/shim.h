#pragma once
// The standard's declarations only: nothing is linked, the module is loaded at run time.
#include <p11-kit-1/p11-kit/pkcs11.h>
