/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/encoder-choice.h"

#include "engine/encoder-priv.h"
#include "engine/octets-priv.h"

#define PIECE 1024
#define ALL_OCTETS(octet) (G_GUINT64_CONSTANT(0x0101010101010101) * (octet))
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

	if (choice->n_matched == DIFFERS)
		return;
	if (octet != from[choice->n_matched]) {
		choice->n_matched = DIFFERS;
	} else if (++choice->n_matched == sizeof from - 1) {
		choice->n_matched = DIFFERS;
		choice->n_from++;
	}
}

/* An LF, and what it makes of a CR before it. */
static void
take_lf(PliEncoderChoice *choice)
{
	if (choice->last == '\r') {
		end_line(choice, choice->line - 1, choice->before);
	} else {
		choice->n_bare_lf++;
		match_from(choice, '\n');
		choice->line++;
	}
	choice->before = choice->last;
	choice->last = '\n';
}

/* One octet at least, and none is LF: a CR is bare unless it is the last. */
static void
take_run(PliEncoderChoice *choice, const guint8 *p, gsize n)
{
	const guint8 *const last = p + n - 1, *cr = p;

	choice->n_bare_cr += choice->last == '\r';
	while (cr < last && (cr = memchr(cr, '\r', last - cr)) != NULL) {
		choice->n_bare_cr++;
		cr++;
	}
	for (gsize i = 0; i < n && choice->n_matched < DIFFERS; i++)
		match_from(choice, p[i]);
	choice->line += n;
	choice->before = n > 1 ? last[-1] : choice->last;
	choice->last = *last;
}

static void
take_lines(PliEncoderChoice *choice, PliSlice octets)
{
	const guint8 *p = octets.data, *const end = p + octets.len;

	while (p < end) {
		const guint8 *lf = memchr(p, '\n', end - p);
		const guint8 *stop = lf != NULL ? lf : end;

		if (stop > p)
			take_run(choice, p, stop - p);
		if (lf == NULL)
			return;
		take_lf(choice);
		p = lf + 1;
	}
}

static inline guint
count_tops(guint64 word)
{
	return ((word & ALL_OCTETS(0x80)) >> 7) * ALL_OCTETS(1) >> 56;
}

/* Octets over 127, and NUL: those with the top bit in neither sum. */
static void
take_kinds(PliEncoderChoice *choice, PliSlice octets)
{
	gsize i = 0;

	for (; i + 8 <= octets.len; i += 8) {
		const guint64 word = pli_load64(octets.data + i);
		const guint64 rest = word & ALL_OCTETS(0x7f);

		choice->n_8bit += count_tops(word);
		choice->n_nul += count_tops(
			~(word | (rest + ALL_OCTETS(0x7f))));
	}
	for (; i < octets.len; i++) {
		choice->n_8bit += octets.data[i] > 127;
		choice->n_nul += octets.data[i] == 0;
	}
}

/* The result, of which one octet in some seventy is an LF. */
static void
take_dashes(PliEncoderChoice *choice, const guint8 *p, gsize n)
{
	const guint8 *const end = p + n;

	while (p < end) {
		for (; p < end && choice->n_dashes < 2 && *p == '-'; p++)
			choice->n_dash_lines += ++choice->n_dashes == 2;
		if (p == end)
			return;
		choice->n_dashes = DIFFERS;
		p = memchr(p, '\n', end - p);
		if (p == NULL)
			return;
		choice->n_dashes = 0;
		p++;
	}
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
		take_dashes(choice, out,
			    pli_encoder_feed(&choice->encoder, piece, out));
		octets = pli_slice_skip(octets, piece.len);
	}
}

void
pli_encoder_choice_feed(PliEncoderChoice *choice, PliSlice octets)
{
	if (octets.len == 0)
		return;
	choice->n_octets += octets.len;
	take_kinds(choice, octets);
	take_lines(choice, octets);
	measure(choice, octets);
}

void
pli_encoder_choice_finish(PliEncoderChoice *choice)
{
	guint8 out[64];

	g_assert(pli_encoder_get_bound(&choice->encoder, 0) <= sizeof out);
	choice->n_bare_cr += choice->last == '\r';
	end_line(choice, choice->line, choice->last);
	take_dashes(choice, out, pli_encoder_finish(&choice->encoder, out));
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
