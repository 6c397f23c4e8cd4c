/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/binhex.h"

#include "engine/crc.h"

/* Of the text. */
enum {
	STATE_LINE,   /* before ':', at the start of a line */
	STATE_SEARCH, /* before ':', inside a line */
	STATE_DATA,
	STATE_CLOSED, /* END is still to be said */
	STATE_DONE,
};

/* Of the octets: each fork is followed by its CRC, as the header is. */
enum {
	SECTION_HEADER,
	SECTION_HEADER_CRC,
	SECTION_DATA,
	SECTION_DATA_CRC,
	SECTION_RESOURCE,
	SECTION_RESOURCE_CRC,
	SECTION_OVER,
};

#define RUN_MARKER 0x90
/* The header's octets after the name: version, type, creator, flags, two
 * lengths. */
#define FIXED_OCTETS 19

void
pli_binhex_init(PliBinhex *binhex)
{
	memset(binhex, 0, sizeof *binhex);
}

gboolean
pli_binhex_is_done(const PliBinhex *binhex)
{
	return binhex->state == STATE_DONE;
}

static void
add_malformed(PliBinhex *binhex)
{
	pli_defect_set_add(&binhex->defects, PLI_DEFECT_BINHEX_MALFORMED);
}

/* 64 for an octet that the alphabet does not have. */
static guint
get_value(guint8 octet)
{
	/* From '!' on; 0 stands for none, as 64 does above. */
	static const guint8 values[] = {
		1,  2,	3,  4,	5,  6,	7,  8,	9,  10, 11, 12, 13, 0,
		0,  14, 15, 16, 17, 18, 19, 20, 0,  21, 22, 0,	0,  0,
		0,  0,	0,  23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33,
		34, 35, 36, 37, 0,  38, 39, 40, 41, 42, 43, 44, 0,  45,
		46, 47, 48, 0,	0,  0,	0,  49, 50, 51, 52, 53, 54, 55,
		0,  56, 57, 58, 59, 60, 61, 0,	0,  62, 63, 64,
	};

	if (octet < '!' || octet - '!' >= (int)sizeof values ||
	    values[octet - '!'] == 0)
		return 64;
	return values[octet - '!'] - 1;
}

gboolean
pli_binhex_is_character(guint8 octet)
{
	return get_value(octet) < 64;
}

/* Sections without octets are passed over. */
static void
open_section(PliBinhex *binhex, guint section)
{
	binhex->section = section;
	binhex->n_section = 0;
	if (section == SECTION_DATA || section == SECTION_RESOURCE) {
		binhex->crc = 0;
		binhex->left = section == SECTION_DATA
				       ? binhex->header.data_length
				       : binhex->header.resource_length;
		if (binhex->left == 0)
			binhex->section++;
	}
	binhex->sum = 0;
}

/* The header, octet by octet: the name's length, the name, the rest. */
static void
take_header(PliBinhex *binhex, guint8 octet)
{
	PliBinhexHeader *header = &binhex->header;
	const guint n = binhex->n_section++;
	const guint at = n - 1 - header->name_length;

	if (n == 0) {
		if (octet == 0 || octet > sizeof header->name)
			add_malformed(binhex);
		header->name_length = MIN(octet, sizeof header->name);
		return;
	}
	if (n <= header->name_length) {
		header->name[n - 1] = octet;
		return;
	}
	if (at >= 1 && at < 5)
		header->type[at - 1] = octet;
	else if (at >= 5 && at < 9)
		header->creator[at - 5] = octet;
	else if (at >= 9 && at < 11)
		header->flags = header->flags << 8 | octet;
	else if (at >= 11 && at < 15)
		header->data_length = header->data_length << 8 | octet;
	else if (at >= 15)
		header->resource_length = header->resource_length << 8 | octet;
	if (at == FIXED_OCTETS - 1)
		open_section(binhex, SECTION_HEADER_CRC);
}

/* TRUE when the header is whole. */
static gboolean
take_sum(PliBinhex *binhex, guint8 octet)
{
	const guint section = binhex->section;

	binhex->sum = binhex->sum << 8 | octet;
	if (++binhex->n_section < 2)
		return FALSE;
	if (binhex->sum != binhex->crc)
		pli_defect_set_add(&binhex->defects,
				   PLI_DEFECT_BINHEX_CHECKSUM);
	open_section(binhex, section + 1);
	return section == SECTION_HEADER_CRC;
}

/*
 * One octet after the runs were opened. READY: it completes the header or is
 * a fork's (then in *out).
 */
static PliStep
take_octet(PliBinhex *binhex, guint8 octet, guint8 *out,
	   PliBinhexEventType *ret_type)
{
	const guint section = binhex->section;

	if (section == SECTION_OVER)
		return PLI_STEP_WANT; /* blanks up to a whole group */
	if (section == SECTION_HEADER || section == SECTION_DATA ||
	    section == SECTION_RESOURCE)
		binhex->crc =
			pli_crc_add16(binhex->crc, pli_slice_new(&octet, 1));
	if (section == SECTION_HEADER) {
		take_header(binhex, octet);
		return PLI_STEP_WANT;
	}
	if (section != SECTION_DATA && section != SECTION_RESOURCE) {
		*ret_type = PLI_BINHEX_HEADER;
		return take_sum(binhex, octet) ? PLI_STEP_READY : PLI_STEP_WANT;
	}
	*out = octet;
	*ret_type =
		section == SECTION_DATA ? PLI_BINHEX_DATA : PLI_BINHEX_RESOURCE;
	if (--binhex->left == 0)
		open_section(binhex, section + 1);
	return PLI_STEP_READY;
}

/* One octet before the runs are opened: how many times which octet comes of
 * it is left in `run` and `last`. */
static void
take_packed(PliBinhex *binhex, guint8 octet)
{
	if (!binhex->marker) {
		binhex->marker = octet == RUN_MARKER;
		if (octet != RUN_MARKER) {
			binhex->last = octet;
			binhex->run = 1;
		}
		return;
	}
	binhex->marker = FALSE;
	if (octet == 0) {
		binhex->last = RUN_MARKER;
		binhex->run = 1;
	} else {
		binhex->run = octet - 1;
	}
}

static void
match_start(PliBinhex *binhex, guint8 octet)
{
	if (octet == '\n' || octet == '\r')
		binhex->state = STATE_LINE;
	else if (binhex->state == STATE_LINE && octet == ':')
		binhex->state = STATE_DATA;
	else
		binhex->state = STATE_SEARCH;
}

static void
take_character(PliBinhex *binhex, guint8 character)
{
	guint value;

	if (binhex->state != STATE_DATA) {
		match_start(binhex, character);
		return;
	}
	if (character == ':') {
		binhex->state = STATE_CLOSED;
		return;
	}
	if (g_ascii_isspace(character))
		return;
	value = get_value(character);
	if (value == 64) {
		add_malformed(binhex);
		return;
	}
	binhex->bits = binhex->bits << 6 | value;
	binhex->n_bits += 6;
	if (binhex->n_bits < 8)
		return;
	binhex->n_bits -= 8;
	take_packed(binhex, binhex->bits >> binhex->n_bits);
}

static PliStep
say_end(PliBinhex *binhex, PliBinhexEvent *ret_event)
{
	if (binhex->section != SECTION_OVER)
		add_malformed(binhex);
	binhex->state = STATE_DONE;
	*ret_event = (PliBinhexEvent){.type = PLI_BINHEX_END};
	return PLI_STEP_READY;
}

PliStep
pli_binhex_next(PliBinhex *binhex, PliSlice *in, guint8 *out, gsize room,
		PliBinhexEvent *ret_event)
{
	PliBinhexEvent event = {0};
	gsize n = 0;

	while (n < room && binhex->state != STATE_DONE) {
		guint8 octet;
		PliBinhexEventType type;
		const guint section = binhex->section;

		if (n > 0 && section != SECTION_DATA &&
		    section != SECTION_RESOURCE)
			break; /* the fork is over */
		if (binhex->run > 0) {
			binhex->run--;
			if (take_octet(binhex, binhex->last, &octet, &type) !=
			    PLI_STEP_READY)
				continue;
			event.type = type;
			if (type == PLI_BINHEX_HEADER) {
				*ret_event = event;
				return PLI_STEP_READY;
			}
			out[n++] = octet;
		} else if (binhex->state == STATE_CLOSED) {
			if (n > 0)
				break;
			return say_end(binhex, ret_event);
		} else if (in->len == 0) {
			break;
		} else {
			octet = in->data[0];
			*in = pli_slice_skip(*in, 1);
			take_character(binhex, octet);
		}
	}
	if (n == 0)
		return PLI_STEP_WANT;
	event.octets = pli_slice_new(out, n);
	*ret_event = event;
	return PLI_STEP_READY;
}

PliStep
pli_binhex_finish(PliBinhex *binhex, PliBinhexEvent *ret_event)
{
	if (binhex->state == STATE_DONE)
		return PLI_STEP_WANT;
	add_malformed(binhex);
	return say_end(binhex, ret_event);
}
