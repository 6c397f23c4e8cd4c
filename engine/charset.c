/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/charset.h"

#include <errno.h>

#include "engine/charset-shift-priv.h"
#include "engine/context-priv.h"
#include "engine/utf8.h"

/* More than the longest character or escape sequence of any charset. */
#define HELD_MAX 16

struct PliCharsetDecoder {
	PliContext *context;
	PliCharsetId id;
	PliCharsetKind kind;
	guint32 flags;
	const guint32 *table; /* or NULL */
	iconv_t iconv;
	PliCharsetShift shift; /* comes before iconv, or NONE */
	guint8 first[4];       /* octets of the text */
	guint n_first;
	gboolean has_started;  /* something came out */
	guint8 held[HELD_MAX]; /* the start of an unfinished character */
	gsize n_held;
	PliDefectSet defects;
};

const char *
pli_charset_find(PliContext *context, PliSlice label)
{
	PliCharsetId id = pli_charset_label_find(label);

	if (id == PLI_CHARSET_UNKNOWN)
		return NULL;
	return pli_context_get_iconv_name(context, id);
}

/* ---- output ---- */

/* Whole characters; a signature at the start of Unicode text is dropped. */
static gboolean
emit(PliCharsetDecoder *decoder, const guint8 *utf8, gsize len, PliBuf *out)
{
	if (len == 0)
		return TRUE;
	if (!decoder->has_started && (decoder->flags & PLI_CHARSET_UNICODE) &&
	    len >= 3 && memcmp(utf8, "\xef\xbb\xbf", 3) == 0) {
		utf8 += 3;
		len -= 3;
	}
	decoder->has_started = TRUE;
	return pli_buf_append(out, utf8, len);
}

static gboolean
emit_replacement(PliCharsetDecoder *decoder, PliBuf *out)
{
	pli_defect_set_add(&decoder->defects, PLI_DEFECT_UNDECODABLE_TEXT);
	return emit(decoder, (const guint8 *)PLI_UTF8_REPLACEMENT, 3, out);
}

/* ---- single octets ---- */

static inline gboolean
are_ascii_words(const guint8 *octets, gsize n_words)
{
	guint64 words[4] = {0};

	memcpy(words, octets, n_words * sizeof words[0]);
	return ((words[0] | words[1] | words[2] | words[3]) &
		G_GUINT64_CONSTANT(0x8080808080808080)) == 0;
}

/* One octet; four are written. The entry is added to what was seen. */
static inline guint8 *
convert_octet(const guint32 *table, guint8 octet, guint8 *out, guint32 *seen)
{
	const guint32 entry = table[octet];
	const guint32 utf8 = GUINT32_TO_LE(entry);

	*seen |= entry;
	memcpy(out, &utf8, sizeof utf8);
	return out + PLI_CONTEXT_ENTRY_LENGTH(entry);
}

/*
 * `room` has three octets for each of `octets`, and one more. Eight octets
 * that are not all ASCII go one by one through the table, ASCII too: that
 * takes no guess about where the others stand.
 */
static gsize
convert_by_table(PliCharsetDecoder *decoder, PliSlice octets, guint8 *room)
{
	const guint32 *table = decoder->table;
	const gboolean has_ascii = table[PLI_CONTEXT_TABLE_IS_ASCII] != 0;
	const guint8 *in = octets.data, *end = in + octets.len;
	guint32 seen = 0;
	guint8 *o = room;

	while (end - in >= 8) {
		if (has_ascii && end - in >= 32 && are_ascii_words(in, 4)) {
			memcpy(o, in, 32);
			in += 32;
			o += 32;
			continue;
		}
		if (has_ascii && are_ascii_words(in, 1)) {
			memcpy(o, in, 8);
			in += 8;
			o += 8;
			continue;
		}
		for (guint i = 0; i < 8; i++)
			o = convert_octet(table, in[i], o, &seen);
		in += 8;
	}
	while (in < end)
		o = convert_octet(table, *in++, o, &seen);
	if (seen & PLI_CONTEXT_ENTRY_UNDECODABLE)
		pli_defect_set_add(&decoder->defects,
				   PLI_DEFECT_UNDECODABLE_TEXT);
	if (seen & PLI_CONTEXT_ENTRY_MISLABELLED)
		pli_defect_set_add(&decoder->defects,
				   PLI_DEFECT_CHARSET_MISLABELLED);
	return o - room;
}

static gboolean
feed_table(PliCharsetDecoder *decoder, PliSlice octets, PliBuf *out)
{
	guint8 *scratch = pli_context_get_scratch(decoder->context);

	while (octets.len > 0) {
		gsize n = MIN(octets.len, PLI_CONTEXT_SCRATCH / 4);
		guint8 *room = pli_buf_reserve(out, n * 3 + 1);

		if (room != NULL)
			pli_buf_add_length(
				out,
				convert_by_table(decoder,
						 pli_slice_new(octets.data, n),
						 room));
		else if (!pli_buf_append(
				 out, scratch,
				 convert_by_table(decoder,
						  pli_slice_new(octets.data, n),
						  scratch)))
			return FALSE;
		octets = pli_slice_skip(octets, n);
	}
	return TRUE;
}

/* ---- UTF-8 ---- */

/* A piece is copied while it is still near after it was looked at. */
#define UTF8_PIECE 16384

/* All of `octets` but what may be the start of a character; gives how many
 * that leaves. */
static gboolean
convert_utf8(PliCharsetDecoder *decoder, PliSlice octets, gsize *ret_left,
	     PliBuf *out)
{
	gboolean is_cut = FALSE;

	while (octets.len > 0) {
		const gsize len = MIN(octets.len, UTF8_PIECE);
		gsize n = pli_utf8_get_valid(pli_slice_new(octets.data, len));

		if (!emit(decoder, octets.data, n, out))
			return FALSE;
		octets = pli_slice_skip(octets, n);
		if (octets.len == 0)
			break;
		/* the piece's end may have cut a character */
		if (n > 0 && len - n < 4)
			continue;
		n = pli_utf8_get_fault(octets, &is_cut);
		if (is_cut)
			break;
		if (!emit_replacement(decoder, out))
			return FALSE;
		octets = pli_slice_skip(octets, n);
	}
	*ret_left = octets.len;
	return TRUE;
}

/* ---- iconv ---- */

/* The converter stopped before octets it does not know. How many of them one
 * replacement stands for; 0 when that takes another octet to tell. */
static gsize
iconv_fault_length(const PliCharsetDecoder *decoder, PliSlice rest)
{
	const guint8 lead = rest.data[0];

	if (!(decoder->flags & PLI_CHARSET_PAIRS) || lead <= 0x80 ||
	    lead == 0xa0 || lead == 0xff)
		return 1;
	if (rest.len == 1)
		return 0;
	/* after the shifts any pair is one, whatever its second octet */
	if (rest.data[1] >= 0x80 ||
	    decoder->shift.kind == PLI_CHARSET_SHIFT_JIS)
		return 2;
	if (!(decoder->flags & PLI_CHARSET_QUADS) ||
	    !g_ascii_isdigit(rest.data[1]))
		return 1;
	if (rest.len < 4)
		return 0;
	return rest.data[2] > 0x80 && g_ascii_isdigit(rest.data[3]) ? 4 : 1;
}

/* One call of iconv; what it took comes off `octets`. *ret_errno is 0 when it
 * took all. */
static gboolean
iconv_step(PliCharsetDecoder *decoder, PliSlice *octets, int *ret_errno,
	   PliBuf *out)
{
	guint8 *scratch = pli_context_get_scratch(decoder->context);
	const gsize chunk = MIN(octets->len, PLI_CONTEXT_CHUNK);
	ICONV_CONST char *in = (char *)octets->data;
	char *to = (char *)scratch;
	gsize in_len = chunk, to_len = PLI_CONTEXT_SCRATCH;

	*ret_errno = 0;
	if (iconv(decoder->iconv, &in, &in_len, &to, &to_len) == (gsize)-1)
		*ret_errno = errno;
	*octets = pli_slice_skip(*octets, chunk - in_len);
	/* The end of a chunk is not the end of the octets, and a converter
	 * that stops for any other reason is not asked again. */
	if (*ret_errno == EINVAL && octets->len > in_len && in_len < chunk)
		*ret_errno = 0;
	else if (*ret_errno != 0 && *ret_errno != EINVAL)
		*ret_errno = EILSEQ;
	return emit(decoder, scratch, PLI_CONTEXT_SCRATCH - to_len, out);
}

/* Whether the converter, given octets from `start` on, stopped behind what it
 * does not know and not before it: glibc does so with one pair of UHC. */
static gboolean
has_taken_fault(const PliCharsetDecoder *decoder, const guint8 *start,
		PliSlice rest)
{
	return rest.len == 0 ||
	       (decoder->id == PLI_CHARSET_UHC && rest.data - start >= 2 &&
		memcmp(rest.data - 2, "\xa2\xe8", 2) == 0);
}

static gboolean
convert_iconv(PliCharsetDecoder *decoder, PliSlice octets, gsize *ret_left,
	      PliBuf *out)
{
	*ret_left = 0;
	while (octets.len > 0) {
		const guint8 *start;
		int error;
		gsize n;

		if (decoder->flags & PLI_CHARSET_ASCII_RUNS) {
			n = pli_utf8_get_ascii(octets);
			if (!emit(decoder, octets.data, n, out))
				return FALSE;
			octets = pli_slice_skip(octets, n);
			if (octets.len == 0)
				break;
		}
		start = octets.data;
		if (!iconv_step(decoder, &octets, &error, out))
			return FALSE;
		if (error == EINVAL)
			break;
		if (error != EILSEQ)
			continue;
		n = 0;
		if (!has_taken_fault(decoder, start, octets)) {
			n = iconv_fault_length(decoder, octets);
			if (n == 0)
				break;
		}
		if (!emit_replacement(decoder, out))
			return FALSE;
		octets = pli_slice_skip(octets, n);
	}
	*ret_left = octets.len;
	return TRUE;
}

/* UTF-16 and UTF-32 without a byte order: that of their first octets, else
 * big-endian (RFC 2781 4.3). Needs two or four held octets. */
static void
choose_byte_order(PliCharsetDecoder *decoder)
{
	const guint8 *held = decoder->held;

	if (decoder->kind == PLI_CHARSET_KIND_UTF16)
		decoder->id = decoder->n_held >= 2 && held[0] == 0xff &&
					      held[1] == 0xfe
				      ? PLI_CHARSET_UTF_16LE
				      : PLI_CHARSET_UTF_16BE;
	else
		decoder->id = decoder->n_held >= 4 && held[0] == 0xff &&
					      held[1] == 0xfe && held[2] == 0 &&
					      held[3] == 0
				      ? PLI_CHARSET_UTF_32LE
				      : PLI_CHARSET_UTF_32BE;
	decoder->kind = PLI_CHARSET_KIND_MULTI;
	decoder->iconv = pli_context_take_iconv(decoder->context, decoder->id);
}

/* ---- the decoder ---- */

static void
become_unknown(PliCharsetDecoder *decoder)
{
	decoder->id = PLI_CHARSET_UNKNOWN;
	decoder->flags = 0;
	decoder->table =
		pli_context_get_table(decoder->context, PLI_CHARSET_UNKNOWN);
	pli_defect_set_add(&decoder->defects, PLI_DEFECT_UNKNOWN_CHARSET);
}

/* The shifts are ours, what comes of them is the converter's. */
static void
set_shift(PliCharsetDecoder *decoder)
{
	const gboolean is_jis = decoder->kind == PLI_CHARSET_KIND_JIS;

	decoder->shift.kind =
		is_jis ? PLI_CHARSET_SHIFT_JIS : PLI_CHARSET_SHIFT_HZ;
	decoder->id = is_jis ? PLI_CHARSET_CP932 : PLI_CHARSET_GB18030;
	decoder->flags = pli_charset_infos[decoder->id].flags;
	decoder->kind = PLI_CHARSET_KIND_MULTI;
}

static void
decoder_init(PliCharsetDecoder *decoder, PliContext *context, PliCharsetId id)
{
	*decoder = (PliCharsetDecoder){
		.context = context, .id = id, .iconv = PLI_CONTEXT_NO_ICONV};
	if (id == PLI_CHARSET_UNKNOWN) {
		become_unknown(decoder);
		return;
	}
	decoder->kind = pli_charset_infos[id].kind;
	decoder->flags = pli_charset_infos[id].flags;
	switch (decoder->kind) {
	case PLI_CHARSET_KIND_ASCII:
	case PLI_CHARSET_KIND_ISO:
	case PLI_CHARSET_KIND_SINGLE:
		decoder->table = pli_context_get_table(context, id);
		if (decoder->table == NULL)
			become_unknown(decoder);
		break;
	case PLI_CHARSET_KIND_JIS:
	case PLI_CHARSET_KIND_HZ: set_shift(decoder); G_GNUC_FALLTHROUGH;
	case PLI_CHARSET_KIND_MULTI:
		decoder->iconv = pli_context_take_iconv(context, decoder->id);
		if (decoder->iconv == PLI_CONTEXT_NO_ICONV)
			become_unknown(decoder);
		break;
	case PLI_CHARSET_KIND_UTF16:
	case PLI_CHARSET_KIND_UTF32:
	case PLI_CHARSET_KIND_UTF8: break;
	}
}

static void
decoder_clear(PliCharsetDecoder *decoder)
{
	pli_context_add_iconv(decoder->context, decoder->id, decoder->iconv);
}

PliCharsetDecoder *
pli_charset_decoder_new(PliContext *context, PliSlice label)
{
	PliCharsetDecoder *decoder = g_new(PliCharsetDecoder, 1);

	decoder_init(decoder, context, pli_charset_label_find(label));
	return decoder;
}

void
pli_charset_decoder_free(PliCharsetDecoder *decoder)
{
	if (decoder == NULL)
		return;
	decoder_clear(decoder);
	g_free(decoder);
}

static gboolean
convert(PliCharsetDecoder *decoder, PliSlice octets, gsize *ret_left,
	PliBuf *out)
{
	return decoder->kind == PLI_CHARSET_KIND_UTF8
		       ? convert_utf8(decoder, octets, ret_left, out)
		       : convert_iconv(decoder, octets, ret_left, out);
}

/* What is held, with one octet more. */
static gboolean
feed_held(PliCharsetDecoder *decoder, guint8 octet, PliBuf *out)
{
	gsize left = 0;

	decoder->held[decoder->n_held++] = octet;
	if (decoder->kind == PLI_CHARSET_KIND_UTF16 ||
	    decoder->kind == PLI_CHARSET_KIND_UTF32) {
		if (decoder->n_held <
		    (decoder->kind == PLI_CHARSET_KIND_UTF16 ? 2 : 4))
			return TRUE;
		choose_byte_order(decoder);
	}
	if (!convert(decoder, pli_slice_new(decoder->held, decoder->n_held),
		     &left, out))
		return FALSE;
	memmove(decoder->held, decoder->held + decoder->n_held - left, left);
	decoder->n_held = left;
	if (left < HELD_MAX)
		return TRUE;
	decoder->n_held = 0;
	return emit_replacement(decoder, out);
}

/* Whether the next octet goes to the converter without those behind it. */
static gboolean
takes_one(const PliCharsetDecoder *decoder)
{
	return decoder->n_held > 0 ||
	       decoder->kind == PLI_CHARSET_KIND_UTF16 ||
	       decoder->kind == PLI_CHARSET_KIND_UTF32 ||
	       (decoder->flags & PLI_CHARSET_ALONE) != 0;
}

static gboolean
feed_octets(PliCharsetDecoder *decoder, PliSlice octets, PliBuf *out)
{
	gsize left = 0;

	if (octets.len == 0)
		return TRUE;
	if (decoder->table != NULL)
		return feed_table(decoder, octets, out);
	while (octets.len > 0 && takes_one(decoder)) {
		if (!feed_held(decoder, octets.data[0], out))
			return FALSE;
		octets = pli_slice_skip(octets, 1);
	}
	if (!convert(decoder, octets, &left, out))
		return FALSE;
	octets = pli_slice_skip(octets, octets.len - left);
	while (octets.len > 0) {
		if (octets.len <= HELD_MAX - 1) {
			memcpy(decoder->held, octets.data, octets.len);
			decoder->n_held = octets.len;
			return TRUE;
		}
		if (!emit_replacement(decoder, out))
			return FALSE;
		octets = pli_slice_skip(octets, HELD_MAX);
	}
	return TRUE;
}

/* What of it goes to the converter. */
static gboolean
feed_shifted(PliCharsetDecoder *decoder, PliSlice octets, PliBuf *out)
{
	guint8 room[PLI_CHARSET_SHIFT_ROOM(1024)];

	while (octets.len > 0) {
		const gsize len = MIN(octets.len, 1024);
		const gsize n = pli_charset_shift_feed(
			&decoder->shift, pli_slice_new(octets.data, len), room);

		if (!feed_octets(decoder, pli_slice_new(room, n), out))
			return FALSE;
		octets = pli_slice_skip(octets, len);
	}
	return TRUE;
}

gboolean
pli_charset_decoder_feed(PliCharsetDecoder *decoder, PliSlice octets,
			 PliBuf *out)
{
	for (gsize i = 0; i < octets.len && decoder->n_first < 4; i++)
		decoder->first[decoder->n_first++] = octets.data[i];
	return decoder->shift.kind != PLI_CHARSET_SHIFT_NONE
		       ? feed_shifted(decoder, octets, out)
		       : feed_octets(decoder, octets, out);
}

/* The byte order mark that the text starts with says another charset. */
static gboolean
has_other_mark(const PliCharsetDecoder *decoder)
{
	const guint8 *first = decoder->first;

	if (decoder->id == PLI_CHARSET_UNKNOWN)
		return FALSE;
	if (decoder->n_first >= 3 && memcmp(first, "\xef\xbb\xbf", 3) == 0)
		return decoder->id != PLI_CHARSET_UTF_8;
	if (decoder->n_first >= 4 && memcmp(first, "\xff\xfe\0\0", 4) == 0)
		return decoder->id != PLI_CHARSET_UTF_32LE;
	if (decoder->n_first >= 4 && memcmp(first, "\0\0\xfe\xff", 4) == 0)
		return decoder->id != PLI_CHARSET_UTF_32BE;
	if (decoder->n_first >= 2 && memcmp(first, "\xff\xfe", 2) == 0)
		return decoder->id != PLI_CHARSET_UTF_16LE;
	if (decoder->n_first >= 2 && memcmp(first, "\xfe\xff", 2) == 0)
		return decoder->id != PLI_CHARSET_UTF_16BE;
	return FALSE;
}

gboolean
pli_charset_decoder_finish(PliCharsetDecoder *decoder, PliBuf *out)
{
	guint8 *scratch = pli_context_get_scratch(decoder->context);
	char *to = (char *)scratch;
	gsize to_len = PLI_CONTEXT_SCRATCH, n;
	guint8 room[PLI_CHARSET_SHIFT_ROOM(0)];

	if (has_other_mark(decoder))
		pli_defect_set_add(&decoder->defects, PLI_DEFECT_BOM_CONFLICT);
	if (decoder->shift.kind != PLI_CHARSET_SHIFT_NONE) {
		n = pli_charset_shift_finish(&decoder->shift, room);
		if (!feed_octets(decoder, pli_slice_new(room, n), out))
			return FALSE;
	}
	if (decoder->iconv != PLI_CONTEXT_NO_ICONV) {
		(void)iconv(decoder->iconv, NULL, NULL, &to, &to_len);
		if (!emit(decoder, scratch, to - (char *)scratch, out))
			return FALSE;
	}
	if (decoder->n_held == 0)
		return TRUE;
	decoder->n_held = 0;
	return emit_replacement(decoder, out);
}

void
pli_charset_decoder_get_defects(const PliCharsetDecoder *decoder,
				PliDefectSet *set)
{
	pli_defect_set_add_all(set, &decoder->defects);
}

static gboolean
decode_as(PliContext *context, PliCharsetId id, PliSlice octets, PliBuf *out,
	  PliDefectSet *set)
{
	PliCharsetDecoder decoder;
	gboolean is_whole;

	decoder_init(&decoder, context, id);
	is_whole = pli_charset_decoder_feed(&decoder, octets, out) &&
		   pli_charset_decoder_finish(&decoder, out);
	decoder_clear(&decoder);
	if (set != NULL)
		pli_charset_decoder_get_defects(&decoder, set);
	return is_whole;
}

gboolean
pli_charset_decode(PliContext *context, PliSlice label, PliSlice octets,
		   PliBuf *out, PliDefectSet *set)
{
	return decode_as(context, pli_charset_label_find(label), octets, out,
			 set);
}

gboolean
pli_charset_decode_raw(PliContext *context, PliSlice octets, PliBuf *out,
		       PliDefectSet *set)
{
	if (pli_utf8_is_valid(octets))
		return pli_buf_append(out, octets.data, octets.len);
	return decode_as(context, PLI_CHARSET_WINDOWS_1252, octets, out, set);
}
