/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Address lists of header fields (RFC 5322 3.4 and 4.4), read as they occur:
 * groups, routes, comments, quoted local parts, domain literals, missing or
 * surplus angle brackets and commas. Linear and non-recursive; comments
 * nest to any depth by counting.
 */
#ifndef PLI_ENGINE_ADDRESS_H
#define PLI_ENGINE_ADDRESS_H

#include "engine/buf.h"
#include "engine/context.h"
#include "engine/defect.h"
#include "engine/limits.h"

PLI_BEGIN_DECLS

typedef enum {
	PLI_ADDRESS_MAILBOX,
	PLI_ADDRESS_GROUP_BEGIN, /* name: the group's */
	PLI_ADDRESS_GROUP_END,
} PliAddressKind;

/*
 * One address. Slices hold raw header octets without folds, comments, and
 * the quotes around (and backslashes in) quoted strings; encoded-words are
 * still encoded. An absent element has data NULL: ENVELOPE's NIL. Valid until
 * the next call on the reader.
 */
typedef struct {
	PliAddressKind kind;
	PliSlice name;   /* display-name, or the comment that serves as one */
	PliSlice route;  /* "@a,@b", without the colon */
	PliSlice local;  /* unquoted */
	PliSlice domain; /* a literal keeps its brackets */
} PliAddress;

typedef struct PliAddressReader PliAddressReader;

/* `value` is borrowed for the reader's life; limits NULL: the default. */
PliAddressReader *
pli_address_reader_new(PliSlice value, const PliLimits *limits);

/* Starts over with another value, keeping memory that can be used again. */
void
pli_address_reader_reset(PliAddressReader *reader, PliSlice value);

void
pli_address_reader_free(PliAddressReader *reader);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliAddressReader, pli_address_reader_free)

/* READY: *ret_address was set. WANT: the list is at its end. Groups that were
 * opened are closed before that. Past limits.addresses it ends early, with
 * PLI_DEFECT_LIMIT_ADDRESSES. */
PliStep
pli_address_reader_next(PliAddressReader *reader, PliAddress *ret_address);

/* Adds what was met so far to `set`. */
void
pli_address_reader_get_defects(const PliAddressReader *reader,
                               PliDefectSet *set);

/* "local@domain" as one would write it: the local part quoted when it has to
 * be. Appends to `out`. */
gboolean
pli_address_format(const PliAddress *address, PliBuf *out);

PLI_END_DECLS

#endif
