/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/crc.h"
#include "engine/parser.h"
#include "engine/yenc-line-priv.h"
#include "tests/lib/corpus.h"
#include "tests/lib/decode.h"

/* All 256 octets; `line_end` after every 64 or so. */
static GString *
encode(const guint8 *data, gsize len, const char *line_end)
{
	GString *out = g_string_new(NULL);
	gsize at = 0;

	for (gsize i = 0; i < len; i++) {
		guint8 octet = data[i] + 42;

		if (strchr("\n\r=", octet) != NULL) {
			g_string_append_c(out, '=');
			octet += 64;
		}
		g_string_append_c(out, (char)octet);
		if (out->len - at >= 64) {
			g_string_append(out, line_end);
			at = out->len;
		}
	}
	return g_string_append(out, line_end);
}

static void
check(const char *start, const char *line_end, const char *end,
      const char *defects)
{
	g_autoptr(GString) in = g_string_new(start);
	guint8 data[256];
	GString *body;

	for (guint i = 0; i < sizeof data; i++)
		data[i] = i;
	body = encode(data, sizeof data, line_end);
	g_string_append_len(in, body->str, body->len);
	g_string_append(in, end);
	g_string_free(body, TRUE);
	pli_decode_check(PLI_ENCODING_YENC, pli_slice_new(in->str, in->len),
			 pli_slice_new(data, sizeof data), defects);
}

static void
test_whole(void)
{
	check("See this:\r\n=y\r\n=ybegin line=64 size=256 name=all octets\r\n",
	      "\r\n", "=yend size=256 crc32=29058c73\r\n-- \r\n", "");
	check("=ybegin line=64 size=256 name=a\n", "\n", "=yend size=256", "");
}

static void
test_part(void)
{
	check("=ybegin part=2 total=3 line=64 size=1000 name=a\r\n"
	      "=ypart begin=101 end=356\r\n",
	      "\r\n", "=yend size=256 part=2 pcrc32=29058C73 crc32=1\r\n", "");
	check("=ybegin part=2 total=3 line=64 size=1000 name=a\r\n"
	      "=ypart begin=101 end=355\r\n",
	      "\r\n", "=yend size=256 part=2 pcrc32=29058C73\r\n",
	      " yenc-malformed");
}

static void
test_defects(void)
{
	check("=ybegin line=64 size=256 name=a\r\n", "\r\n",
	      "=yend size=256 crc32=29058c74\r\n", " yenc-checksum");
	check("=ybegin line=64 size=257 name=a\r\n", "\r\n",
	      "=yend size=256\r\n", " yenc-malformed");
	check("=ybegin line=64 name=a size=256\r\n", "\r\n",
	      "=yend size=256\r\n", " yenc-malformed");
	check("=ybegin line=64 size=256 name=a\r\n", "\r\n", "",
	      " yenc-malformed");
	check("=ybegin line=64 size=256 name=a\r\n", "\r\n",
	      "=ynot\r\n=ybegin size=1\r\n=yend size=256\r\n",
	      " yenc-malformed");
}

static void
test_numbers(void)
{
	PliSlice line = PLI_SLICE_LITERAL(
		"=ybegin size=18446744073709551615 part=18446744073709551616 "
		"line= name= \"a size=3\" \r");
	PliSlice name;
	guint64 value = 7;

	g_assert_true(pli_yenc_line_find_number(line, "size", 10, &value));
	g_assert_cmpuint(value, ==, G_MAXUINT64);
	value = 7;
	g_assert_false(pli_yenc_line_find_number(line, "part", 10, &value));
	g_assert_false(pli_yenc_line_find_number(line, "line", 10, &value));
	g_assert_cmpuint(value, ==, 7);
	g_assert_true(pli_yenc_line_find_name(line, &name));
	g_assert_cmpmem(name.data, name.len, "a size=3", 8);
}

/* The sums' check values, as catalogues of CRCs give them. */
static void
test_crc(void)
{
	PliSlice digits = PLI_SLICE_LITERAL("123456789");

	g_assert_cmphex(pli_crc_add32(0, digits), ==, 0xcbf43926);
	g_assert_cmphex(pli_crc_add16(0, digits), ==, 0x31c3);
}

static void
test_labels(void)
{
	static const struct {
		const char *label;
		PliEncoding encoding;
	} rows[] = {
		{"x-xxencode", PLI_ENCODING_XXENCODE},
		{"X-Yenc", PLI_ENCODING_YENC},
		{"x-binhex", PLI_ENCODING_BINHEX},
		{"mac-binhex40", PLI_ENCODING_UNKNOWN}, /* a type's name */
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *message =
			g_strdup_printf("Content-Transfer-Encoding: %s\r\n"
					"\r\nbody\r\n",
					rows[i].label);
		g_autoptr(PliStructure) structure = pli_parser_parse(
			pli_slice_from_string(message), PLI_LINE_AS_IS, NULL);
		PliPart part;

		pli_structure_get_part(structure, 0, &part);
		g_assert_cmpint(part.encoding, ==, rows[i].encoding);
	}
}

/* Two parts of a picture, as a news program of 2001 wrote them. */
static void
test_corpus(void)
{
	g_autoptr(GPtrArray) files = pli_corpus_list("joystick.jpg");
	g_autoptr(GByteArray) got = g_byte_array_new();
	g_autofree char *folder = NULL, *whole = NULL;
	gsize whole_len;

	if (files == NULL)
		return;
	g_assert_cmpuint(files->len, ==, 1);
	folder = g_path_get_dirname(files->pdata[0]);
	g_assert_true(
		g_file_get_contents(files->pdata[0], &whole, &whole_len, NULL));
	for (guint part = 0; part < 2; part++) {
		g_autofree char *path =
			g_strdup_printf("%s/0000002%u.ntx", folder, part);
		g_autofree char *octets = NULL;
		g_autoptr(GBytes) one = NULL;
		PliSlice in;

		g_assert_true(
			g_file_get_contents(path, &octets, &in.len, NULL));
		in.data = (const guint8 *)octets;
		one = pli_decode_run(&in, 1,
				     GINT_TO_POINTER(PLI_ENCODING_YENC));
		g_byte_array_append(got, g_bytes_get_data(one, NULL),
				    g_bytes_get_size(one));
	}
	g_assert_cmpmem(got->data, got->len, whole, whole_len);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/engine/decoder-yenc/whole", test_whole);
	g_test_add_func("/engine/decoder-yenc/part", test_part);
	g_test_add_func("/engine/decoder-yenc/defects", test_defects);
	g_test_add_func("/engine/decoder-yenc/numbers", test_numbers);
	g_test_add_func("/engine/decoder-yenc/crc", test_crc);
	g_test_add_func("/engine/decoder-yenc/labels", test_labels);
	g_test_add_func("/engine/decoder-yenc/corpus", test_corpus);
	return g_test_run();
}
