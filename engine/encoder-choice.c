/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/encoder-choice.h"

#include "engine/encoder-priv.h"

#define PIECE 1024
#define DIFFERS G_MAXUINT8

void
pli_encoder_choice_init(PliEncoderChoice *choice, PliEncoderMode mode)
{
	*choice = (PliEncoderChoice){.mode = mode};
	pli_encoder_init(&choice->encoder, PLI_ENCODING_QUOTED_PRINTABLE, mode);
}

static void
end_line(PliEncoderChoice *choice, guint64 length, guint8 last)
{
	choice->longest_line = MAX(choice->longest_line, length);
	choice->n_blank_ends += length > 0 && pli_octet_is_wsp(last);
	choice->line = 0;
	choice->n_matched = 0;
}

static inline void
match_from(PliEncoderChoice *choice, guint8 octet)
{
	static const char from[] = "From ";

	if (choice->n_matched >= sizeof from - 1)
		return;
	if (octet != from[choice->n_matched])
		choice->n_matched = DIFFERS;
	else if (++choice->n_matched == sizeof from - 1)
		choice->n_from++;
}

static inline void
count(PliEncoderChoice *choice, guint8 octet)
{
	const gboolean after_cr = choice->last == '\r';

	choice->n_8bit += octet > 127;
	choice->n_nul += octet == 0;
	if (octet == '\n' && after_cr) {
		end_line(choice, choice->line - 1, choice->before);
	} else {
		choice->n_bare_cr += after_cr;
		choice->n_bare_lf += octet == '\n';
		match_from(choice, octet);
		choice->line++;
	}
	choice->before = choice->last;
	choice->last = octet;
}

/* Only the encoder itself knows how long its result is. */
static void
measure(PliEncoderChoice *choice, PliSlice octets)
{
	guint8 out[3 * PIECE + PIECE / 4];

	while (octets.len > 0) {
		const PliSlice piece = {octets.data, MIN(octets.len, PIECE)};

		g_assert(pli_encoder_get_bound(&choice->encoder, piece.len) <=
			 sizeof out);
		pli_encoder_feed(&choice->encoder, piece, out);
		octets = pli_slice_skip(octets, piece.len);
	}
}

void
pli_encoder_choice_feed(PliEncoderChoice *choice, PliSlice octets)
{
	choice->n_octets += octets.len;
	for (gsize i = 0; i < octets.len; i++)
		count(choice, octets.data[i]);
	measure(choice, octets);
}

void
pli_encoder_choice_finish(PliEncoderChoice *choice)
{
	guint8 out[64];

	g_assert(pli_encoder_get_bound(&choice->encoder, 0) <= sizeof out);
	choice->n_bare_cr += choice->last == '\r';
	end_line(choice, choice->line, choice->last);
	pli_encoder_finish(&choice->encoder, out);
}

guint64
pli_encoder_choice_get_size(const PliEncoderChoice *choice,
			    PliEncoding encoding)
{
	const guint64 n_columns = (choice->n_octets + 2) / 3 * 4;

	switch (encoding) {
	case PLI_ENCODING_BASE64:
		return n_columns + (n_columns + PLI_ENCODER_COLUMNS - 1) /
					   PLI_ENCODER_COLUMNS * 2;
	case PLI_ENCODING_QUOTED_PRINTABLE: return choice->encoder.produced;
	default: return choice->n_octets;
	}
}

/* Lines as 7bit and 8bit have them. */
static gboolean
has_plain_lines(const PliEncoderChoice *choice, gboolean is_signed)
{
	if (choice->n_octets == 0)
		return TRUE;
	if (is_signed && (choice->n_blank_ends > 0 || choice->n_from > 0))
		return FALSE;
	return choice->mode == PLI_ENCODER_TEXT && choice->n_nul == 0 &&
	       choice->n_bare_cr == 0 && choice->n_bare_lf == 0 &&
	       choice->longest_line <= PLI_ENCODER_CHOICE_LINE;
}

/* Whatever leaves octets as they are is smallest. */
PliEncoding
pli_encoder_choice_get(const PliEncoderChoice *choice, PliTransport transport,
		       gboolean is_signed)
{
	const gboolean is_plain = has_plain_lines(choice, is_signed);

	if (is_plain && choice->n_8bit == 0)
		return PLI_ENCODING_7BIT;
	if (is_plain && transport >= PLI_TRANSPORT_8BIT)
		return PLI_ENCODING_8BIT;
	if (transport == PLI_TRANSPORT_BINARY)
		return PLI_ENCODING_BINARY;
	return pli_encoder_choice_get_size(choice,
					   PLI_ENCODING_QUOTED_PRINTABLE) <=
			       pli_encoder_choice_get_size(choice,
							   PLI_ENCODING_BASE64)
		       ? PLI_ENCODING_QUOTED_PRINTABLE
		       : PLI_ENCODING_BASE64;
}
