/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Values of Content-* fields: "token/token; name=value; ...", read raw
 * (RFC 2045 5.1), and their parameters decoded (RFC 2231).
 */
#ifndef PLI_ENGINE_PARAM_H
#define PLI_ENGINE_PARAM_H

#include "engine/buf.h"
#include "engine/context.h"
#include "engine/structure.h"

PLI_BEGIN_DECLS

/*
 * Walks a field's value. The caller's memory; `value` and `scratch` are
 * borrowed. Nothing is allocated but in `scratch`, where unquoted values go.
 */
typedef struct {
	PliSlice rest;
	PliBuf *scratch;
	PliDefectSet defects;
	guint32 n_read;
	guint32 max;
} PliParamReader;

/* `scratch` is reset by every call that needs it; its ceiling is to be at
 * least the value's length. `max` is limits.parameters. */
void
pli_param_reader_init(PliParamReader *reader, PliSlice value, PliBuf *scratch,
                      guint32 max);

/* What stands before the first semicolon, as a token: "attachment". */
PliSlice
pli_param_reader_take_token(PliParamReader *reader);

/* "type/subtype"; FALSE when it is none. Slices of the value. */
gboolean
pli_param_reader_take_type(PliParamReader *reader, PliSlice *ret_type,
                           PliSlice *ret_subtype);

/* The next parameter: name a slice of the value, as written; value unquoted
 * and unfolded, a slice of the value or valid until the next call. WANT at
 * the end. */
PliStep
pli_param_reader_next(PliParamReader *reader, PliSlice *ret_name,
                      PliSlice *ret_value);

/*
 * A parameter decoded to UTF-8, from a part's items: RFC 2231 continuations
 * in any order with their charset, else encoded-words where mail programs put
 * them, else raw 8-bit. `kind` is TYPE_PARAM or DISPOSITION_PARAM. NULL when
 * the part has no such parameter; the caller frees it. Defects are added to
 * `set` (may be NULL).
 */
char *
pli_param_decode(PliContext *context, const PliStructure *structure,
                 const PliPart *part, PliItemKind kind, const char *name,
                 PliDefectSet *set);

/*
 * The part's file name by the precedence of doc/strict.md: filename of
 * Content-Disposition, then name of Content-Type. As written by the sender: it
 * may hold slashes, dots and controls, and is no safe name for a file. NULL
 * when there is none; the caller frees it. Two spellings that disagree are
 * PLI_DEFECT_FILENAME_FORMS when they are forms of one parameter (RFC 2231),
 * FILENAME_AND_NAME when they are the two fields'.
 */
char *
pli_param_decode_filename(PliContext *context, const PliStructure *structure,
                          const PliPart *part, PliDefectSet *set);

PLI_END_DECLS

#endif
