/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The inside of normalisation, shared by its files: normalize-look.c (what is
 * ambiguous, and what is to be done), normalize-header.c (headers written
 * anew), normalize.c (the octets that come out).
 */
#ifndef PLI_ENGINE_NORMALIZE_PRIV_H
#define PLI_ENGINE_NORMALIZE_PRIV_H

#include "engine/buf.h"
#include "engine/encoder.h"
#include "engine/normalize.h"

#define PLI_NORMALIZE_PIECE (16 * 1024)

typedef enum {
	PLI_NORMALIZE_CHARSET_KEPT,
	PLI_NORMALIZE_CHARSET_LABEL, /* it is UTF-8, and says so now */
	PLI_NORMALIZE_CHARSET_UTF8,  /* it becomes UTF-8 */
} PliNormalizeCharset;

typedef struct {
	guint32 seal;	 /* the outermost signed or encrypted one around it, or
			    itself; PLI_NONE */
	gboolean header; /* is to be written anew */
	gboolean mime;	 /* what says how it is read is in doubt */
	gboolean frame;	 /* what is between its parts is */
	gboolean body;	 /* is to be encoded anew, into: */
	PliEncoding to;
	PliEncoderMode mode;
	PliNormalizeCharset charset;
} PliNormalizePart;

typedef struct {
	PliContext *context;
	PliStructure *structure;
	PliSource *source;
	gboolean force;
	PliSlice seed;
	gboolean is_dirty; /* anything is ambiguous */
	guint32 n_parts;
	PliNormalizePart *parts;
	GArray *left; /* PliNormalizeLeft */
	/* what was read last: a decoding is read forward, once */
	PliSource *inner;
	guint32 inner_index;
} PliNormalizePlan;

/* The source that a span lies in, valid until the next call. */
PliSource *
pli_normalize_get_source(PliNormalizePlan *plan, guint32 index);

/* Decides; FALSE with *error when it is refused or cannot be read. */
gboolean
pli_normalize_look(PliNormalizePlan *plan, GError **error);

/* The part keeps its body, as it is signed or encrypted. */
static inline gboolean
pli_normalize_is_sealed(const PliNormalizePlan *plan, guint32 part)
{
	return !plan->force && plan->parts[part].seal == part;
}

/* The body of a leaf, decoded; the caller's. */
PliSource *
pli_normalize_open_body(PliNormalizePlan *plan, const PliPart *part);

/* A part's header with its empty line, appended to `out`. `boundary`: the new
 * one of a multipart, without dashes. */
gboolean
pli_normalize_write_header(PliNormalizePlan *plan, const PliPart *part,
			   const char *boundary, GByteArray *out,
			   GError **error);

/* A field of a value as it is read; FALSE when it cannot be written. */
gboolean
pli_normalize_write_text(PliContext *context, const char *name, PliSlice value,
			 PliBuf *out);
gboolean
pli_normalize_write_addresses(PliContext *context, const char *name,
			      PliSlice value, PliBuf *out);

/* Readers of the value of such an item would differ. */
gboolean
pli_normalize_is_doubtful(PliNormalizePlan *plan, PliItemKind kind,
			  PliSlice value);

/* The same with what is read there written so that they do not. FALSE: there
 * is no such form. `out` may be NULL. */
gboolean
pli_normalize_write_item(PliNormalizePlan *plan, PliItemKind kind,
			 const char *name, PliSlice value, GByteArray *out);

/* A piece of a source, of at least one octet. */
gboolean
pli_normalize_read(PliSource *source, guint64 offset, guint64 most,
		   PliSlice *ret_octets, GError **error);

#endif
