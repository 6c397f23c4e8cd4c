/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* yEnc 1.3 (no RFC): octets plus 42, with "=" before what a line cannot hold,
 * between =ybegin (and =ypart) and =yend. */
#include "engine/crc.h"
#include "engine/decoder-priv.h"
#include "engine/yenc-line-priv.h"

typedef enum {
	YENC_LINE,   /* before =ybegin, at the start of a line */
	YENC_SEARCH, /* before =ybegin, inside a line */
	YENC_START,  /* the next octet starts a line of data */
	YENC_DATA,
	YENC_EQUALS,  /* "=" stood at the start of a line */
	YENC_ESCAPE,  /* "=" stood inside a line */
	YENC_KEYWORD, /* inside a line that starts with "=y" */
	YENC_DONE,
} YencState;

/* Kept in held[]. The octets so far are `count`, their CRC is `crc`. */
typedef struct {
	guint64 count;
	guint64 size;	   /* that =ybegin says */
	guint64 part_size; /* that =ypart says */
	guint32 crc;
	guint8 has_begin;
	guint8 has_part;
	guint8 n_line;
	guint8 line[93]; /* the start of a keyword line */
} YencNotes;

G_STATIC_ASSERT(sizeof(YencNotes) <= sizeof(((PliDecoder *)NULL)->held));

static void
add_malformed(PliDecoder *decoder)
{
	pli_defect_set_add(&decoder->defects, PLI_DEFECT_YENC_MALFORMED);
}

static void
take_begin(PliDecoder *decoder, YencNotes *notes, PliSlice line)
{
	guint64 part;

	if (notes->has_begin) {
		add_malformed(decoder);
		return;
	}
	if (!pli_yenc_line_find_number(line, "size", 10, &notes->size))
		add_malformed(decoder);
	notes->has_begin = TRUE;
	notes->has_part = pli_yenc_line_find_number(line, "part", 10, &part);
}

static void
take_part(PliDecoder *decoder, YencNotes *notes, PliSlice line)
{
	guint64 begin, end;

	if (!pli_yenc_line_find_number(line, "begin", 10, &begin) ||
	    !pli_yenc_line_find_number(line, "end", 10, &end) || begin == 0 ||
	    end < begin || end > notes->size || !notes->has_part) {
		add_malformed(decoder);
		return;
	}
	notes->part_size = end - begin + 1;
}

/* Of a part crc32 is the whole file's, which is not at hand, and pcrc32 the
 * part's. */
static void
take_end(PliDecoder *decoder, const YencNotes *notes, PliSlice line)
{
	guint64 size, crc;

	if (!pli_yenc_line_find_number(line, "size", 10, &size) ||
	    size != notes->count ||
	    notes->count != (notes->has_part ? notes->part_size : notes->size))
		add_malformed(decoder);
	if (pli_yenc_line_find_number(line, "pcrc32", 16, &crc) &&
	    crc != notes->crc)
		pli_defect_set_add(&decoder->defects, PLI_DEFECT_YENC_CHECKSUM);
	if (!notes->has_part &&
	    pli_yenc_line_find_number(line, "crc32", 16, &crc) &&
	    crc != notes->crc)
		pli_defect_set_add(&decoder->defects, PLI_DEFECT_YENC_CHECKSUM);
}

static void
take_keyword_line(PliDecoder *decoder, YencNotes *notes)
{
	const PliSlice line = pli_slice_new(notes->line, notes->n_line);

	decoder->state = YENC_START;
	if (pli_yenc_line_is(line, "=ybegin")) {
		take_begin(decoder, notes, line);
	} else if (!notes->has_begin) {
		decoder->state = YENC_LINE;
	} else if (pli_yenc_line_is(line, "=ypart")) {
		take_part(decoder, notes, line);
	} else if (pli_yenc_line_is(line, "=yend")) {
		take_end(decoder, notes, line);
		decoder->state = YENC_DONE;
	} else {
		add_malformed(decoder);
	}
}

/* Before =ybegin. */
static void
take_search(PliDecoder *decoder, YencNotes *notes, guint8 octet)
{
	if (octet == '\n')
		decoder->state = YENC_LINE;
	else if (decoder->state == YENC_LINE && octet == '=')
		decoder->state = YENC_EQUALS;
	else
		decoder->state = YENC_SEARCH;
	notes->n_line = 0;
}

static void
take_keyword(PliDecoder *decoder, YencNotes *notes, guint8 octet)
{
	if (octet == '\n')
		take_keyword_line(decoder, notes);
	else if (notes->n_line < sizeof notes->line)
		notes->line[notes->n_line++] = octet;
}

static gsize
take_data(PliDecoder *decoder, guint8 octet, guint8 *out)
{
	const gboolean starts = decoder->state == YENC_START;

	if (octet == '\n' || octet == '\r') {
		if (octet == '\n')
			decoder->state = YENC_START;
		return 0;
	}
	if (octet == '=') {
		decoder->state = starts ? YENC_EQUALS : YENC_ESCAPE;
		return 0;
	}
	if (octet == '\0')
		add_malformed(decoder);
	decoder->state = YENC_DATA;
	*out = octet - 42;
	return 1;
}

/* After "=": a line end was to be escaped, so that one here is junk. */
static gsize
take_escape(PliDecoder *decoder, guint8 octet, guint8 *out)
{
	if (octet == '\n' || octet == '\r') {
		add_malformed(decoder);
		return take_data(decoder, octet, out);
	}
	decoder->state = YENC_DATA;
	*out = octet - 64 - 42;
	return 1;
}

/* The octet after a "=" that starts a line. */
static gsize
take_equals(PliDecoder *decoder, YencNotes *notes, guint8 octet, guint8 *out)
{
	if (octet == 'y') {
		memcpy(notes->line, "=y", 2);
		notes->n_line = 2;
		decoder->state = YENC_KEYWORD;
		return 0;
	}
	if (!notes->has_begin) {
		take_search(decoder, notes, octet);
		return 0;
	}
	return take_escape(decoder, octet, out);
}

static gsize
take_octet(PliDecoder *decoder, YencNotes *notes, guint8 octet, guint8 *out)
{
	switch ((YencState)decoder->state) {
	case YENC_LINE:
	case YENC_SEARCH: take_search(decoder, notes, octet); break;
	case YENC_START:
	case YENC_DATA: return take_data(decoder, octet, out);
	case YENC_EQUALS: return take_equals(decoder, notes, octet, out);
	case YENC_ESCAPE: return take_escape(decoder, octet, out);
	case YENC_KEYWORD: take_keyword(decoder, notes, octet); break;
	case YENC_DONE: break;
	}
	return 0;
}

gsize
pli_decoder_yenc_feed(PliDecoder *decoder, PliSlice in, guint8 *out)
{
	YencNotes notes;
	gsize n = 0, summed = 0;

	if (decoder->state == YENC_DONE)
		return 0;
	memcpy(&notes, decoder->held, sizeof notes);
	for (gsize i = 0; i < in.len && decoder->state != YENC_DONE; i++) {
		gsize k = take_octet(decoder, &notes, in.data[i], out + n);

		n += k;
		notes.count += k;
		/* The sum is wanted before =yend is read. */
		if (decoder->state == YENC_KEYWORD && summed < n) {
			notes.crc = pli_crc_add32(
				notes.crc,
				pli_slice_new(out + summed, n - summed));
			summed = n;
		}
	}
	if (summed < n)
		notes.crc = pli_crc_add32(
			notes.crc, pli_slice_new(out + summed, n - summed));
	memcpy(decoder->held, &notes, sizeof notes);
	return n;
}

void
pli_decoder_yenc_finish(PliDecoder *decoder)
{
	YencNotes notes;

	memcpy(&notes, decoder->held, sizeof notes);
	if (decoder->state == YENC_KEYWORD)
		take_keyword_line(decoder, &notes);
	if (decoder->state != YENC_DONE)
		add_malformed(decoder);
}
