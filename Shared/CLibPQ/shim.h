#pragma once
#include <libpq-fe.h>

// Character-literal macros, which Swift does not import.
static inline int user_tokens_PG_DIAG_SQLSTATE(void) { return PG_DIAG_SQLSTATE; }
static inline int user_tokens_PG_DIAG_SEVERITY_NONLOCALIZED(void) { return PG_DIAG_SEVERITY_NONLOCALIZED; }
static inline int user_tokens_PG_DIAG_CONSTRAINT_NAME(void) { return PG_DIAG_CONSTRAINT_NAME; }
static inline int user_tokens_PG_DIAG_COLUMN_NAME(void) { return PG_DIAG_COLUMN_NAME; }
static inline int user_tokens_PG_DIAG_STATEMENT_POSITION(void) { return PG_DIAG_STATEMENT_POSITION; }
