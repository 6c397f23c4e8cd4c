/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What was written by engine/header-writer.h, held against what was meant:
 * its lines, and what Pli's own readers make of it. Each asserts.
 */
#ifndef PLI_TESTS_HEADER_RUN_H
#define PLI_TESTS_HEADER_RUN_H

#include "engine/header-writer.h"

/* One field of that name: CRLF at the end and before blanks only, no CR or LF
 * but these, no line over 998 or without anything but blanks. */
void header_run_check_lines(PliSlice field, const char *name);

/* The value with folds taken out, and the blank before it; g_free() it. */
char *header_run_unfold(PliSlice field);

void header_run_check_text(PliSlice field, const char *name, PliSlice text);

void header_run_check_addresses(PliSlice field, const char *name,
				const PliAddress *addresses, gsize n);

/* `name` is Content-Type or Content-Disposition. */
void header_run_check_params(PliSlice field, const char *name,
			     const PliHeaderWriterParam *params, gsize n);

#endif
