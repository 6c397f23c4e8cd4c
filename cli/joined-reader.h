/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The octets of a message that came in fragments, put together (RFC 2046
 * 5.2.2.1, engine/partial.h), in pieces of bounded size.
 *
 * Octets come as they are served: an LF alone counts as CRLF, as in
 * cli/body-reader.h. One fragment is open at a time, and of the first one the
 * two headers are held, limits.header_octets of each at most.
 */
#ifndef PLI_CLI_JOINED_READER_H
#define PLI_CLI_JOINED_READER_H

#include "cli/fragments.h"

typedef struct PliJoinedReader PliJoinedReader;

/* One for any number of messages; it keeps its buffers. */
PliJoinedReader *pli_joined_reader_new(void);

void pli_joined_reader_free(PliJoinedReader *reader);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliJoinedReader, pli_joined_reader_free)

/* Starts with fragments that make a whole message; they are borrowed. */
void pli_joined_reader_begin(PliJoinedReader *reader,
			     const PliFragmentGroup *group);

/* READY: *ret_octets holds some, valid until the next call. WANT: the message
 * is at its end. FAIL: a fragment cannot be read, is another than it was, or
 * has a header over a limit (G_FILE_ERROR_INVAL); *error names it. */
PliStep pli_joined_reader_next(PliJoinedReader *reader, PliSlice *ret_octets,
			       GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
