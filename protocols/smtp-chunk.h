/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The framing of BDAT (RFC 3030): counts a chunk's octets, and looks for bare
 * CR, bare LF and NUL in the message that the chunks make together.
 *
 * Copies nothing, holds nothing back. Linear, and the same for any division
 * of the input.
 */
#ifndef PLI_PROTOCOLS_SMTP_CHUNK_H
#define PLI_PROTOCOLS_SMTP_CHUNK_H

#include "engine/slice.h"

typedef struct {
	guint64 left;	    /* octets of the chunk still to come */
	gboolean is_last;   /* BDAT n LAST */
	gboolean is_binary; /* octets are any, or smtp-line.h looks at them */
	gboolean has_cr;    /* the message so far ends in CR */
} PliSmtpChunk;

typedef enum {
	PLI_SMTP_CHUNK_OK,
	PLI_SMTP_CHUNK_NO_SIZE, /* what follows cannot be told from commands */
	PLI_SMTP_CHUNK_ABSURD,	/* a size that no message has */
	PLI_SMTP_CHUNK_NO_LAST, /* something else than LAST follows the size */
} PliSmtpChunkResult;

/* "86 LAST". Sets left and is_last, also with NO_LAST; a size over `most` is
 * ABSURD. */
PliSmtpChunkResult
pli_smtp_chunk_parse(PliSmtpChunk *chunk, PliSlice args, guint64 most);

/*
 * Takes octets of the chunk off `in`: *ret_octets are those, none only when
 * left is 0 or `in` is empty. FALSE: they, or they and what came before, hold
 * a bare CR, a bare LF or a NUL.
 */
gboolean
pli_smtp_chunk_take(PliSmtpChunk *chunk, PliSlice in, PliSlice *ret_octets);

/* The last chunk has ended; FALSE: with a CR alone. */
gboolean
pli_smtp_chunk_finish(const PliSmtpChunk *chunk);

#endif
