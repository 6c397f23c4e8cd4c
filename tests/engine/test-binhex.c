/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/binhex.h"
#include "tests/lib/decode.h"
#include "tests/lib/split.h"

/* "memo.txt", with runs and markers in the data, "fork" in the resource. */
#define MEMO                                                                \
	"(This file must be converted with BinHex 4.0)\r\n\r\n"             \
	":#'ePE@mZG(Kd!&4&@&4dG(Kd!3#3\"$3!!!!%16\")C@aXEj!!,C!SN!#3!f9ZC(" \
	"#\r\n"
#define MEMO_END "GCQpbDhVR:\r\n"

/* A data fork that is one run of "x", cut off. */
#define RUN ":!AJ!9%9B9(4dH(3!!!!!%iJ!!!!!NcpiN2q3rj$rN2q3rj$rN2q3rj$r"

static const char memo_data[] =
	"Hello\x90----------------------------------------\x90\x90\x90"
	"end";

static void
append(GByteArray *out, const char *text)
{
	g_byte_array_append(out, (const guint8 *)text, strlen(text));
}

/* Everything that comes out, with little room. `user_data` is the room. */
static GBytes *
run_binhex(const PliSlice *pieces, gsize n, gpointer user_data)
{
	static const char *const names[] = {"[header]", "[data]", "[fork]",
					    "[end]"};
	GByteArray *out = g_byte_array_new();
	guint8 room[512];
	PliBinhexEvent event;
	PliBinhex binhex;
	gint last = -1;

	pli_binhex_init(&binhex);
	for (gsize i = 0; i <= n; i++) {
		g_autofree guint8 *copy =
			i < n ? g_memdup2(pieces[i].data, pieces[i].len) : NULL;
		PliSlice in = pli_slice_new(copy, i < n ? pieces[i].len : 0);

		while ((i < n ? pli_binhex_next(&binhex, &in, room,
						GPOINTER_TO_SIZE(user_data),
						&event)
			      : pli_binhex_finish(&binhex, &event)) ==
		       PLI_STEP_READY) {
			if (last != (gint)event.type)
				append(out, names[event.type]);
			last = event.type;
			g_byte_array_append(out, event.octets.data,
					    event.octets.len);
			if (event.type == PLI_BINHEX_HEADER)
				g_byte_array_append(out, binhex.header.name,
						    binhex.header.name_length);
		}
		g_assert_true(in.len == 0 || pli_binhex_is_done(&binhex));
	}
	pli_decode_append_defects(out, &binhex.defects);
	return g_byte_array_free_to_bytes(out);
}

static void
check(const char *in, const char *expected)
{
	static const gsize rooms[] = {1, 7, 512};

	for (guint i = 0; i < G_N_ELEMENTS(rooms); i++) {
		PliSlice whole = pli_slice_from_string(in);
		gpointer room = GSIZE_TO_POINTER(rooms[i]);
		g_autoptr(GBytes) got = run_binhex(&whole, 1, room);

		g_assert_cmpmem(g_bytes_get_data(got, NULL),
				g_bytes_get_size(got), expected,
				strlen(expected));
		pli_split_check("binhex", whole, G_MAXSIZE, run_binhex, room);
	}
}

static void
test_header(void)
{
	PliSlice in = PLI_SLICE_LITERAL(MEMO MEMO_END "after: it");
	PliBinhexEvent event;
	PliBinhex binhex;
	guint8 room[8];

	pli_binhex_init(&binhex);
	g_assert_cmpint(
		pli_binhex_next(&binhex, &in, room, sizeof room, &event), ==,
		PLI_STEP_READY);
	g_assert_cmpint(event.type, ==, PLI_BINHEX_HEADER);
	g_assert_cmpmem(binhex.header.type, 4, "TEXT", 4);
	g_assert_cmpmem(binhex.header.creator, 4, "ttxt", 4);
	g_assert_cmpuint(binhex.header.flags, ==, 0x0100);
	g_assert_cmpuint(binhex.header.data_length, ==, sizeof memo_data - 1);
	g_assert_cmpuint(binhex.header.resource_length, ==, 4);
	while (event.type != PLI_BINHEX_END)
		g_assert_cmpint(pli_binhex_next(&binhex, &in, room, sizeof room,
						&event),
				==, PLI_STEP_READY);
	g_assert_cmpmem(in.data, in.len, "\r\nafter: it", 11);
}

static void
test_forks(void)
{
	g_autofree char *memo = g_strconcat("[header]memo.txt[data]", memo_data,
					    "[fork]fork[end]", NULL);

	check(MEMO MEMO_END, memo);
	check(":\"@9YF(4j!&4&@&4dG(Kd!3#3#A3N!*!%:", "[header]empty[end]");
}

static void
test_defects(void)
{
	g_autofree char *memo =
		g_strconcat("[header]memo.txt[data]", memo_data,
			    "[fork]fork[end] binhex-malformed", NULL);
	g_autofree char *cut = g_strconcat("[header]memo.txt[data]", memo_data,
					   "[end] binhex-malformed", NULL);
	g_autofree char *sum =
		g_strconcat("[header]memo.txt[data]", memo_data,
			    "[fork]foro[end] binhex-checksum", NULL);

	check(MEMO "<>" MEMO_END, memo);
	check(MEMO, cut);
	check(MEMO "GCQpbEhVR:", sum);
	check("no colon: at a line's start", "[end] binhex-malformed");
	check("::", "[end] binhex-malformed");
	check(":!!!!!!!!", "[end] binhex-malformed");
}

static void
test_transfer_encoding(void)
{
	g_autofree char *run = g_strnfill(9 * 254 + 1, 'x');

	pli_decode_check(PLI_ENCODING_BINHEX, PLI_SLICE_LITERAL(MEMO MEMO_END),
			 pli_slice_new(memo_data, sizeof memo_data - 1), "");
	pli_decode_check(PLI_ENCODING_BINHEX, PLI_SLICE_LITERAL(RUN),
			 pli_slice_from_string(run), " binhex-malformed");
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/engine/binhex/header", test_header);
	g_test_add_func("/engine/binhex/forks", test_forks);
	g_test_add_func("/engine/binhex/defects", test_defects);
	g_test_add_func("/engine/binhex/transfer-encoding",
			test_transfer_encoding);
	return g_test_run();
}
