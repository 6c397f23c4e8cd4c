/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * stream: parses a message while it arrives on descriptor 0, a socket or a
 * pipe, and tells of each part as soon as it is known.
 *
 * No octet is kept: each leaf is decoded and hashed while it passes, so
 * memory does not grow with the message. It is what a gateway does while a
 * client sends.
 */
#include <engine/pli.h>

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define PIECE (16 * 1024)

/* What is done with the octets of the leaf that is open. */
typedef struct {
	PliDecoder decoder;
	GChecksum *sum;
	guint64 length;
	guint8 *out; /* room for what a piece decodes to */
	gsize room;
} Tap;

static void
open_tap(Tap *tap, PliEncoding encoding)
{
	gsize room;

	pli_decoder_init(&tap->decoder, encoding);
	room = pli_decoder_get_bound(&tap->decoder, PIECE);
	if (room > tap->room) {
		tap->out = g_realloc(tap->out, room);
		tap->room = room;
	}
	g_checksum_reset(tap->sum);
	tap->length = 0;
}

static void
add_octets(Tap *tap, gsize n)
{
	g_checksum_update(tap->sum, tap->out, (gssize)n);
	tap->length += n;
}

/* Body octets point into what was fed, or into what the parser held back: a
 * slice may be longer than PIECE only in the second case. */
static void
feed_tap(Tap *tap, PliSlice octets)
{
	while (octets.len > 0) {
		PliSlice piece = pli_slice_new(octets.data,
					       MIN(octets.len, PIECE));

		add_octets(tap, pli_decoder_feed(&tap->decoder, piece,
						 tap->out));
		octets = pli_slice_skip(octets, piece.len);
	}
}

static void
close_tap(Tap *tap, guint32 part)
{
	add_octets(tap, pli_decoder_finish(&tap->decoder, tap->out));
	printf("part %u ends: %" G_GUINT64_FORMAT " octets, sha256 %s\n", part,
	       tap->length, g_checksum_get_string(tap->sum));
	fflush(stdout);
}

static void
begin_part(const PliParser *parser, Tap *tap, guint32 index)
{
	PliSlice type, subtype;
	PliPart part;

	pli_parser_get_part(parser, index, &part);
	pli_parser_get_type(parser, index, &type, &subtype);
	printf("part %u begins: %.*s/%.*s\n", index, (int)type.len, type.data,
	       (int)subtype.len, subtype.data);
	fflush(stdout);
	if (part.kind == PLI_PART_LEAF)
		open_tap(tap, part.encoding);
}

/* Everything that the octets fed so far tell. */
static void
take_events(PliParser *parser, Tap *tap)
{
	PliParserEvent event;
	PliPart part;

	while (pli_parser_next(parser, &event) == PLI_STEP_READY) {
		switch (event.type) {
		case PLI_PARSER_EVENT_HEADER_END:
			begin_part(parser, tap, event.part);
			break;
		case PLI_PARSER_EVENT_BODY:
			pli_parser_get_part(parser, event.part, &part);
			if (part.kind == PLI_PART_LEAF)
				feed_tap(tap, event.octets);
			break;
		case PLI_PARSER_EVENT_PART_END:
			pli_parser_get_part(parser, event.part, &part);
			if (part.kind == PLI_PART_LEAF)
				close_tap(tap, event.part);
			break;
		case PLI_PARSER_EVENT_DEFECT:
			printf("defect: %s\n",
			       pli_defect_get_info(event.defect)->name);
			break;
		default:
			break;
		}
	}
}

/* FALSE: the sender went away in the middle. */
static gboolean
parse(PliParser *parser, Tap *tap)
{
	guint8 octets[PIECE];
	gssize n;

	for (;;) {
		n = read(STDIN_FILENO, octets, sizeof octets);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		pli_parser_feed(parser, pli_slice_new(octets, (gsize)n));
		take_events(parser, tap);
	}
	if (n < 0)
		fprintf(stderr, "stream: %s\n", g_strerror(errno));
	pli_parser_finish(parser,
			  n < 0 ? PLI_FINISH_ABORTED : PLI_FINISH_COMPLETE);
	take_events(parser, tap);
	return n == 0;
}

int
main(void)
{
	g_autoptr(PliParser) parser = pli_parser_new(PLI_LINE_AS_IS, NULL);
	g_autoptr(PliStructure) structure = NULL;
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	Tap tap = {.sum = sum};
	gboolean whole = parse(parser, &tap);

	/* Worth storing beside the message: it need never be parsed again. */
	structure = pli_parser_steal_structure(parser);
	printf("%s: %" G_GUINT64_FORMAT " octets, %u parts, a structure of "
	       "%zu octets\n",
	       whole ? "whole" : "cut off", pli_structure_get_length(structure),
	       pli_structure_get_n_parts(structure),
	       g_bytes_get_size(pli_structure_get_bytes(structure)));
	g_free(tap.out);
	return whole ? 0 : 74;
}
