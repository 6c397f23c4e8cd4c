/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The value of an address field as tokens: words, quoted strings, literals and
 * specials, with folds and comments taken out.
 *
 * An opening octet that nothing closes stands for itself; where the first of
 * its kind stands is remembered, so that each search for an end runs once.
 * The value is borrowed.
 */
#ifndef PLI_ENGINE_ADDRESS_INPUT_PRIV_H
#define PLI_ENGINE_ADDRESS_INPUT_PRIV_H

#include "engine/buf.h"
#include "engine/defect.h"

typedef enum {
	PLI_ADDRESS_TOKEN_END = 0,
	/* an atom, or an octet that has no place */
	PLI_ADDRESS_TOKEN_WORD = 'w',
	PLI_ADDRESS_TOKEN_QUOTED = 'q',
	PLI_ADDRESS_TOKEN_LITERAL = 'l',
	PLI_ADDRESS_TOKEN_DOT = '.',
	PLI_ADDRESS_TOKEN_COMMA = ',',
	PLI_ADDRESS_TOKEN_SEMICOLON = ';',
	PLI_ADDRESS_TOKEN_COLON = ':',
	PLI_ADDRESS_TOKEN_AT = '@',
	PLI_ADDRESS_TOKEN_LESS = '<',
	PLI_ADDRESS_TOKEN_GREATER = '>',
} PliAddressTokenKind;

typedef struct {
	PliAddressTokenKind kind;
	gboolean has_gap; /* blanks or comments before it */
	gsize start;
	PliSlice text; /* valid until the next token */
} PliAddressToken;

typedef struct {
	PliSlice value;
	gsize pos; /* may be set back to the start of a token */
	PliDefectSet defects;
	/* An opening octet from here on has no closing one. */
	gsize open_quote, open_comment, open_literal;
	gboolean keeps_comment;
	PliBuf comment; /* the last one that was not empty, while kept */
	PliBuf token;	/* of a quoted string or literal */
} PliAddressInput;

/* The caller gives the two buffers value.len + 2 octets of room each. */
void pli_address_input_init(PliAddressInput *in, PliSlice value);

/* The next token; kind END at the end, as often as it is asked. */
void pli_address_input_next(PliAddressInput *in, PliAddressToken *ret_token);

gboolean pli_address_is_atom_octet(guint8 octet);

#endif
