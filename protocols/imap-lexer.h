/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads the arguments of one IMAP command (RFC 3501 9, RFC 9051 9).
 *
 * A cursor over the octets of a whole command as imap-line.h gives them.
 * Each take function moves past what it took and answers TRUE, or answers
 * FALSE and leaves `error` with a sentence about what is wrong; the cursor's
 * place is then of no use. Slices taken lie in the command's octets (quoted
 * strings are unescaped in place) and live as long as those. None of them
 * holds NUL.
 */
#ifndef PLI_PROTOCOLS_IMAP_LEXER_H
#define PLI_PROTOCOLS_IMAP_LEXER_H

#include "engine/slice.h"

typedef struct {
	guint8 *at;
	guint8 *end;
	const char *error; /* static; NULL while all is well */
} PliImapLexer;

/* One part of a sequence set as written; 0 stands for "*". */
typedef struct {
	guint32 first;
	guint32 last;
} PliImapRange;

/* `octets` will be changed. */
static inline void
pli_imap_lexer_init(PliImapLexer *lexer, guint8 *octets, gsize len)
{
	lexer->at = octets;
	lexer->end = octets + len;
	lexer->error = NULL;
}

static inline gboolean
pli_imap_lexer_is_end(const PliImapLexer *lexer)
{
	return lexer->at == lexer->end;
}

/* The next octet, -1 at the end. */
static inline int
pli_imap_lexer_get_next(const PliImapLexer *lexer)
{
	return lexer->at < lexer->end ? *lexer->at : -1;
}

/* Sets `error` to `why`, if none is set; answers FALSE. */
gboolean
pli_imap_lexer_fail(PliImapLexer *lexer, const char *why);

/* Exactly this octet. */
gboolean
pli_imap_lexer_take_octet(PliImapLexer *lexer, char octet);

static inline gboolean
pli_imap_lexer_take_space(PliImapLexer *lexer)
{
	return pli_imap_lexer_take_octet(lexer, ' ');
}

/* Nothing may follow. */
gboolean
pli_imap_lexer_take_end(PliImapLexer *lexer);

gboolean
pli_imap_lexer_take_tag(PliImapLexer *lexer, PliSlice *ret_tag);

gboolean
pli_imap_lexer_take_atom(PliImapLexer *lexer, PliSlice *ret_atom);

/* The name of a FETCH item: an atom that also ends before "[". */
gboolean
pli_imap_lexer_take_item(PliImapLexer *lexer, PliSlice *ret_item);

/* Quoted or literal. */
gboolean
pli_imap_lexer_take_string(PliImapLexer *lexer, PliSlice *ret_string);

/* Atom (with "]"), quoted or literal. */
gboolean
pli_imap_lexer_take_astring(PliImapLexer *lexer, PliSlice *ret_string);

/* As astring, and "%" and "*" may stand in the atom: LIST's pattern. */
gboolean
pli_imap_lexer_take_pattern(PliImapLexer *lexer, PliSlice *ret_pattern);

/* 0 to 2^32 - 1. */
gboolean
pli_imap_lexer_take_number(PliImapLexer *lexer, guint32 *ret_number);

/* 0 to 2^63 - 1 (number64). */
gboolean
pli_imap_lexer_take_number64(PliImapLexer *lexer, guint64 *ret_number);

/* Appends PliImapRange. */
gboolean
pli_imap_lexer_take_sequence(PliImapLexer *lexer, GArray *ranges);

/* What stands between "[" and "]" or SP, such as "1.2.HEADER"; the bracket
 * before is taken, what ends it is left. */
gboolean
pli_imap_lexer_take_section(PliImapLexer *lexer, PliSlice *ret_section);

#endif
