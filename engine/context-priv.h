/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a PliContext keeps for the charset decoders: tables of single-byte
 * charsets, made once, and a few iconv descriptors at rest.
 */
#ifndef PLI_ENGINE_CONTEXT_PRIV_H
#define PLI_ENGINE_CONTEXT_PRIV_H

#include <iconv.h>

#include "engine/charset-label-priv.h"
#include "engine/context.h"

#define PLI_CONTEXT_NO_ICONV ((iconv_t)-1)

/* Room for what an iconv call gives for PLI_CONTEXT_CHUNK octets. */
#define PLI_CONTEXT_CHUNK 1024
#define PLI_CONTEXT_SCRATCH (PLI_CONTEXT_CHUNK * 16)

/*
 * An entry of a table: the UTF-8 of an octet in its low three octets, first
 * octet lowest, how many there are, and whether the charset has the octet.
 */
#define PLI_CONTEXT_ENTRY_LENGTH(entry) ((entry) >> 24 & 3)
#define PLI_CONTEXT_ENTRY_UNDECODABLE (1u << 31)
/* It is a control there, and a character where mail means that. */
#define PLI_CONTEXT_ENTRY_MISLABELLED (1u << 30)

/* Past the 256 entries: not 0 when US-ASCII stands for itself. */
#define PLI_CONTEXT_TABLE_IS_ASCII 256

/* The 257 entries of a charset whose kind has a table, or of UNKNOWN. Owned by
 * the context. NULL when iconv does not have the charset. */
const guint32 *pli_context_get_table(PliContext *context, PliCharsetId id);

/* A descriptor from the charset to UTF-8 in its first state, for the caller
 * alone until it is given back. NO_ICONV when iconv does not have it. */
iconv_t pli_context_take_iconv(PliContext *context, PliCharsetId id);

void pli_context_add_iconv(PliContext *context, PliCharsetId id, iconv_t iconv);

/* PLI_CONTEXT_SCRATCH octets, for the length of one call. */
guint8 *pli_context_get_scratch(PliContext *context);

/* Whether iconv has the charset under its name or its fallback, and which. */
const char *pli_context_get_iconv_name(PliContext *context, PliCharsetId id);

#endif
