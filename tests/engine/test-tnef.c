/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/tnef.h"
#include "tests/lib/corpus.h"
#include "tests/lib/split.h"
#include "tests/lib/tnef-run.h"

/* Writing TNEF. */

static void
put(GByteArray *out, guint32 value, guint n)
{
	for (guint i = 0; i < n; i++) {
		guint8 octet = value >> 8 * i;

		g_byte_array_append(out, &octet, 1);
	}
}

static void
put_text(GByteArray *out, const char *text, gsize len)
{
	g_byte_array_append(out, (const guint8 *)text, len);
}

static void
put_attribute(GByteArray *out, guint level, guint32 id, const char *data,
	      gsize len)
{
	guint sum = 0;

	for (gsize i = 0; i < len; i++)
		sum += (guint8)data[i];
	put(out, level, 1);
	put(out, id, 4);
	put(out, len, 4);
	put_text(out, data, len);
	put(out, sum, 2);
}

/* One property with a value of variable size, padded. */
static void
put_prop(GByteArray *out, guint type, guint id, const char *data, gsize len)
{
	put(out, type, 2);
	put(out, id, 2);
	put(out, 1, 4);
	put(out, len, 4);
	put_text(out, data, len);
	put(out, 0, -len & 3);
}

static GByteArray *
start(void)
{
	GByteArray *out = g_byte_array_new();

	put(out, 0x223e9f78, 4);
	put(out, 1, 2);
	put_attribute(out, 1, 0x00069007, "\xe3\x04\0\0\0\0\0\0", 8);
	return out;
}

static void
put_array(GByteArray *out, guint level, guint32 id, GByteArray *data)
{
	put_attribute(out, level, id, (const char *)data->data, data->len);
	g_byte_array_unref(data);
}

static void
check_limited(GByteArray *in, const char *expected, PliLimits *limits)
{
	PliSlice whole = pli_slice_new(in->data, in->len);
	g_autoptr(GBytes) got = pli_tnef_run(&whole, 1, limits);

	g_assert_cmpstr(g_bytes_get_data(got, NULL), ==, expected);
	pli_split_check("tnef", whole, G_MAXSIZE, pli_tnef_run, limits);
	g_byte_array_unref(in);
}

static void
check(GByteArray *in, const char *expected)
{
	check_limited(in, expected, NULL);
}

/* The title is in the code page (1251 here), the name after the data. */
static void
test_attributes(void)
{
	GByteArray *in = start();

	put_attribute(in, 1, 0x0002800c, "Hi\r\n", 5);
	put_attribute(in, 2, 0x00069002, "\1\0", 2);
	put_attribute(in, 2, 0x0006800f, "octets", 6);
	put_attribute(in, 2, 0x00018010, "\xee\xf2.txt", 7);
	put_attribute(in, 2, 0x00069002, "\1\0", 2);
	put_attribute(in, 2, 0x00018010, "b", 2);
	put_attribute(in, 2, 0x0006800f, "", 0);
	check(in, "text -1 34+5\n"
		  "file 0 63+6\n"
		  "file 1 124+0\n"
		  "\u043e\u0442.txt||\n"
		  "b||\n");
}

static GByteArray *
write_props(void)
{
	GByteArray *props = g_byte_array_new();

	put(props, 8, 4);
	/* a named property, by number: a 16-bit integer takes four octets */
	put(props, 0x80010002, 4);
	put_text(props, "0123456789abcdef", 16);
	put(props, 0, 4);
	put(props, 77, 4);
	put(props, 5, 4);
	/* one named by text, of two values */
	put(props, 0x8002101e, 4);
	put_text(props, "0123456789abcdef", 16);
	put(props, 1, 4);
	put(props, 6, 4);
	put_text(props, "n\0a\0\0\0\0\0", 8);
	put(props, 2, 4);
	put(props, 2, 4);
	put_text(props, "x\0\0\0", 4);
	put(props, 5, 4);
	put_text(props, "four\0\0\0\0", 8);
	/* two times */
	put(props, 0x00391040, 4);
	put(props, 2, 4);
	put_text(props, "0123456789abcdef", 16);
	put_prop(props, 0x1f, 0x3707, "a\0 \0\x3e\x04\0\0", 8);
	put_prop(props, 0x1e, 0x3704, "A~1", 4);
	put_prop(props, 0x1e, 0x370e, "text/x", 7);
	put_prop(props, 0x1e, 0x3712, "id@x", 5);
	put_prop(props, 0x102, 0x3701, "data!", 5);
	return props;
}

static void
test_properties(void)
{
	GByteArray *in = start(), *body = g_byte_array_new();

	put(body, 3, 4);
	put_prop(body, 0x1f, 0x1000, "H\0i\0\0\0", 6);
	put_prop(body, 0x102, 0x1013, "<b>", 3);
	put_prop(body, 0x102, 0x1009, "rtf", 3);
	put_array(in, 1, 0x00069003, body);
	put_attribute(in, 2, 0x00069002, "\1\0", 2);
	put_attribute(in, 2, 0x00018010, "A~1", 4);
	put_array(in, 2, 0x00069005, write_props());
	check(in, "text16 -1 50+6\n"
		  "html -1 70+3\n"
		  "rtf -1 86+3\n"
		  "file 0 337+5\n"
		  "a \u043e|text/x|id@x\n");
}

/* What an object is stands before it. */
static void
test_objects(void)
{
	GByteArray *in = start(), *props = g_byte_array_new();

	put(props, 3, 4);
	put_prop(props, 0x0d, 0x3701,
		 "\x07\x03\x02\0\0\0\0\0\xc0\0\0\0\0\0\0\x46TNEF", 20);
	put_prop(props, 0x0d, 0x3701, "0123456789abcdefOLE", 19);
	put_prop(props, 0x0d, 0x3701, "short", 5);
	put_attribute(in, 2, 0x00069002, "\1\0", 2);
	put_array(in, 2, 0x00069005, props);
	check(in, "message 0 79+4\n"
		  "object 0 111+3\n"
		  "object 0 127+5\n"
		  "||\n tnef-malformed");
}

static GByteArray *
start_attachment(void)
{
	GByteArray *in = start();

	put_attribute(in, 2, 0x00069002, "\1\0", 2);
	return in;
}

static void
test_broken_frame(void)
{
	GByteArray *in = start();

	put(in, 9, 1);
	put_attribute(in, 2, 0x0006800f, "octets", 6);
	check(in, " tnef-malformed");
	in = start_attachment();
	put(in, 2, 1);
	put(in, 0x0006800f, 4);
	put(in, G_MAXUINT32, 4);
	put_text(in, "cut", 3);
	check(in, "file 0 47+3\n||\n tnef-malformed");
	in = start_attachment();
	put_attribute(in, 2, 0x00018010, "name", 5);
	g_byte_array_set_size(in, in->len - 4);
	check(in, "nam||\n tnef-malformed");
	in = start();
	put_attribute(in, 2, 0x0006800f, "octets", 6);
	check(in, "file 0 34+6\n||\n tnef-malformed");
	in = start_attachment();
	in->data[in->len - 1]++;
	check(in, "||\n tnef-checksum");
	check(g_byte_array_append(g_byte_array_new(), (guint8 *)"y\x9f>\"..",
				  6),
	      " tnef-malformed");
	check(g_byte_array_new(), " tnef-malformed");
}

/* The attribute is left; the next one is read. */
static void
check_broken_props(const char *data, gsize len)
{
	GByteArray *in = start_attachment();

	put_attribute(in, 2, 0x00069005, data, len);
	put_attribute(in, 2, 0x00018010, "name", 5);
	check(in, "name||\n tnef-malformed");
}

static void
test_broken_properties(void)
{
	check_broken_props("\1\0", 2);
	check_broken_props("\1\0\0\0", 4);
	check_broken_props("\1\0\0\0\x1f\0\7\x37", 8);
	check_broken_props("\1\0\0\0\x1f\0\7\x37\1\0\0\0\5\0\0\0a\0", 18);
	check_broken_props("\1\0\0\0\x1f\0\7\x37\1\0\0\0\xff\xff\xff\xff"
			   "a\0",
			   18);
	check_broken_props("\1\0\0\0\x40\x10\7\x37\xff\xff\xff\xff", 12);
	check_broken_props("\1\0\0\0\x77\0\7\x37\1\0\0\0", 12);
	check_broken_props("\1\0\0\0\3\0\7\x80"
			   "0123456789abcdef\2\0\0\0",
			   28);
	check_broken_props("\1\0\0\0\3\0\7\x80"
			   "0123456789abcdef\1\0\0\0"
			   "\xff\xff\xff\xff",
			   32);
}

static void
test_limits(void)
{
	PliLimits limits = pli_limits_default;
	GByteArray *in = start();
	g_autofree char *name = g_strnfill(2000, 'n');
	g_autofree char *expected = NULL;

	limits.parts = 2;
	for (guint i = 0; i < 4; i++) {
		put_attribute(in, 2, 0x00069002, "\1\0", 2);
		put_attribute(in, 2, 0x00018010, "a", 2);
		put_attribute(in, 2, 0x0006800f, "x", 1);
	}
	check_limited(in, "file 0 60+1\nfile 1 98+1\na||\na||\n limit-tnef",
		      &limits);
	in = start_attachment();
	put_attribute(in, 2, 0x00018010, name, 2000);
	name[1024] = '\0';
	expected = g_strconcat(name, "||\n limit-tnef", NULL);
	check(in, expected);
}

/* Against the files that a unpacker wrote of the same streams. */

static GByteArray *
drop_cr(const guint8 *data, gsize len)
{
	GByteArray *out = g_byte_array_new();

	for (gsize i = 0; i < len; i++)
		if (data[i] != '\r' && data[i] != '\0')
			g_byte_array_append(out, data + i, 1);
	return out;
}

/* Text was unpacked with LF; an OLE object with the 16 octets of its id. */
static gboolean
is_same(const PliTnefItem *item, const char *stream, const char *want,
	gsize want_len)
{
	const guint8 *got = (const guint8 *)stream + item->offset;
	gsize len = item->length;
	g_autoptr(GByteArray) a = NULL, b = NULL;

	if (item->kind == PLI_TNEF_RTF)
		return TRUE; /* is not unpacked here */
	if (item->kind == PLI_TNEF_OBJECT) {
		got -= 16;
		len += 16;
	}
	if (len == want_len && memcmp(got, want, len) == 0)
		return TRUE;
	a = drop_cr(got, len);
	b = drop_cr((const guint8 *)want, want_len);
	return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

static char *
get_item_name(const PliTnef *tnef, const PliTnefItem *item, PliContext *context)
{
	static const char *const bodies[] = {"message.txt", "message.html",
					     "message.rtf"};
	g_auto(PliBuf) buf = {0};

	if (item->kind >= PLI_TNEF_TEXT)
		return g_strdup(bodies[item->kind - PLI_TNEF_TEXT]);
	pli_buf_init(&buf, 4096);
	g_assert_true(pli_tnef_get_name(tnef, item->attachment, context, &buf));
	return pli_buf_steal_string(&buf);
}

/* Files of the same name are told apart by ".1", ".2". */
static gboolean
is_name_of(const char *file, const char *name)
{
	const gsize n = strlen(name);

	return strncmp(file, name, n) == 0 &&
	       (file[n] == '\0' ||
		(file[n] == '.' && g_ascii_isdigit(file[n + 1])));
}

/* An item with this name and these octets is there, once taken. */
static void
check_file(const PliTnef *tnef, PliContext *context, const char *stream,
	   const char *folder, const char *file, gboolean *taken)
{
	g_autofree char *path = g_build_filename(folder, file, NULL);
	g_autofree char *want = NULL;
	gsize len;

	g_assert_true(g_file_get_contents(path, &want, &len, NULL));
	for (guint32 i = 0; i < pli_tnef_get_n_items(tnef); i++) {
		g_autofree char *name = NULL;
		PliTnefItem item;

		pli_tnef_get_item(tnef, i, &item);
		name = get_item_name(tnef, &item, context);
		if (taken[i] || !is_name_of(file, name) ||
		    !is_same(&item, stream, want, len))
			continue;
		taken[i] = TRUE;
		return;
	}
	g_error("%s: not found, or other octets", path);
}

static void
check_stream(const char *path)
{
	g_autofree char *folder = g_strndup(path, strlen(path) - 5);
	g_autofree char *stream = NULL;
	g_autofree gboolean *taken = NULL;
	g_autoptr(PliContext) context = pli_context_new();
	g_autoptr(PliTnef) tnef = pli_tnef_new(NULL);
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	const char *file;
	PliSlice whole;

	g_assert_true(g_file_get_contents(path, &stream, &whole.len, NULL));
	whole.data = (const guint8 *)stream;
	pli_tnef_feed(tnef, whole);
	pli_tnef_finish(tnef);
	taken = g_new0(gboolean, pli_tnef_get_n_items(tnef) + 1);
	while (dir != NULL && (file = g_dir_read_name(dir)) != NULL)
		check_file(tnef, context, stream, folder, file, taken);
	for (guint32 i = 0; i < pli_tnef_get_n_items(tnef); i++)
		if (!taken[i])
			g_error("%s: item %u is in no file", path, i);
	pli_split_check_random(path, whole, 3000, 20, 1, pli_tnef_run, NULL);
}

static void
test_corpus(void)
{
	g_autoptr(GPtrArray) files = pli_corpus_list(".tnef");

	for (guint i = 0; files != NULL && i < files->len; i++)
		check_stream(files->pdata[i]);
	if (files != NULL)
		g_assert_cmpuint(files->len, >=, 15);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/engine/tnef/attributes", test_attributes);
	g_test_add_func("/engine/tnef/properties", test_properties);
	g_test_add_func("/engine/tnef/objects", test_objects);
	g_test_add_func("/engine/tnef/broken-frame", test_broken_frame);
	g_test_add_func("/engine/tnef/broken-properties",
			test_broken_properties);
	g_test_add_func("/engine/tnef/limits", test_limits);
	g_test_add_func("/engine/tnef/corpus", test_corpus);
	return g_test_run();
}
