/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* FETCH of what is inside encoded messages and multiparts: the octets that a
 * plain decoder gives, in literals of exactly their size. */
#include "engine/decoder.h"
#include "engine/parser.h"
#include "engine/section.h"
#include "tests/lib/corpus.h"
#include "tests/lib/imap-fake.h"

typedef struct {
	GString *in;
	GString *want;
	guint n;
} Script;

static void
append_body(GString *out, const guint8 *data, gsize len, gboolean to_crlf)
{
	for (gsize i = 0; i < len; i++) {
		if (to_crlf && data[i] == '\n' &&
		    (i == 0 || data[i - 1] != '\r'))
			g_string_append_c(out, '\r');
		g_string_append_c(out, data[i]);
	}
}

/* All sources of a message, each decoded in one piece. */
static GPtrArray *
decode_sources(const PliStructure *structure, PliSlice message)
{
	GPtrArray *all = g_ptr_array_new_with_free_func(
	        (GDestroyNotify)g_byte_array_unref);
	GByteArray *whole = g_byte_array_new();

	g_byte_array_append(whole, message.data, message.len);
	g_ptr_array_add(all, whole);
	for (guint32 k = 1; k <= pli_structure_get_n_sources(structure); k++) {
		g_autoptr(GString) body = g_string_new(NULL);
		GByteArray *out = g_byte_array_new(), *outer;
		PliPartSource source;
		PliDecoder decoder;
		PliPart part;
		gsize n;

		pli_structure_get_source(structure, k, &source);
		pli_structure_get_part(structure, source.part, &part);
		outer = all->pdata[source.outer];
		append_body(body, outer->data + part.body.offset,
		            part.body.length, source.to_crlf);
		pli_decoder_init(&decoder, part.encoding);
		g_byte_array_set_size(
		        out, pli_decoder_get_bound(&decoder, body->len) + 256);
		n = pli_decoder_feed(&decoder,
		                     pli_slice_new(body->str, body->len),
		                     out->data);
		n += pli_decoder_finish(&decoder, out->data + n);
		g_byte_array_set_size(out, n);
		g_assert_cmpuint(n, ==, source.length);
		g_ptr_array_add(all, out);
	}
	return all;
}

static void
ask(Script *script, const char *spec, PliSlice octets)
{
	const struct {
		guint origin, count;
	} cuts[] = {{0, G_MAXUINT}, {0, 5}, {3, 1000000}, {1, 1}, {9999, 1}};

	for (gsize i = 0; i < G_N_ELEMENTS(cuts); i++) {
		gsize from = MIN(cuts[i].origin, octets.len);
		gsize n = MIN(cuts[i].count, octets.len - from);
		g_string_append_printf(script->in, "c FETCH 1 BODY.PEEK[%s]",
		                       spec);
		g_string_append_printf(script->want, "* 1 FETCH (BODY[%s]",
		                       spec);
		if (i > 0) {
			g_string_append_printf(script->in, "<%u.%u>",
			                       cuts[i].origin, cuts[i].count);
			g_string_append_printf(script->want, "<%u>",
			                       cuts[i].origin);
		}
		g_string_append(script->in, "\r\n");
		g_string_append_c(script->want, ' ');
		if (n == 0) {
			g_string_append(script->want, "\"\"");
		} else {
			g_string_append_printf(script->want,
			                       "{%" G_GSIZE_FORMAT "}\r\n", n);
			g_string_append_len(script->want,
			                    (const char *)octets.data + from,
			                    n);
		}
		g_string_append(script->want, ")\r\nc OK FETCH completed\r\n");
	}
	script->n++;
}

static PliSlice
get_octets(GPtrArray *sources, PliSpan span)
{
	const GByteArray *source = sources->pdata[span.source];

	g_assert_cmpuint(span.offset + span.length, <=, source->len);
	return pli_slice_new(source->data + span.offset, span.length);
}

static void
ask_part(Script *script, const PliStructure *structure, GPtrArray *sources,
         const PliPart *part)
{
	g_autofree char *path =
	        pli_section_format_path(structure, part->index);
	g_autofree char *header = g_strconcat(path, ".HEADER", NULL);
	g_autofree char *text = g_strconcat(path, ".TEXT", NULL);
	g_autofree char *mime = g_strconcat(path, ".MIME", NULL);
	PliPart inside;

	if (part->kind == PLI_PART_LEAF && part->body.source > 0) {
		ask(script, path, get_octets(sources, part->body));
		ask(script, mime, get_octets(sources, part->header));
	}
	if (part->kind != PLI_PART_MESSAGE)
		return;
	pli_structure_get_part(structure,
	                       pli_structure_get_child(structure, part, 0),
	                       &inside);
	if (inside.body.source == 0)
		return;
	ask(script, header, get_octets(sources, inside.header));
	ask(script, text, get_octets(sources, inside.body));
}

static void
check_play(PliImapFake *fake, const char *name, const Script *script,
           gsize at_once)
{
	PliImapConfig config = pli_imap_config_default;
	g_autoptr(PliSession) session = NULL;
	g_autoptr(GByteArray) out = g_byte_array_new();
	const char *have;

	config.allow_login = TRUE;
	config.output_octets = 300;
	session = pli_imap_server_new(&config);
	g_assert_cmpint(pli_imap_fake_play(
	                        fake, session,
	                        pli_slice_new(script->in->str, script->in->len),
	                        at_once, out, NULL),
	                ==, PLI_STEP_WANT);
	have = g_strstr_len((char *)out->data, out->len, "* 1 FETCH");
	g_assert_nonnull(have);
	g_test_message("%s", name);
	g_assert_cmpmem(have, (char *)out->data + out->len - have,
	                script->want->str, script->want->len);
	g_assert_cmpuint(fake->n_open, ==, 0);
}

static guint
check_message(const char *path, PliLineMode mode)
{
	g_autofree char *octets = NULL;
	g_autoptr(PliStructure) structure = NULL;
	g_autoptr(GPtrArray) sources = NULL;
	g_autoptr(GString) in = g_string_new("a LOGIN u p\r\n"
					     "b EXAMINE INBOX\r\n");
	g_autoptr(GString) want = g_string_new(NULL);
	Script script = {in, want, 0};
	PliImapFake fake;
	PliSlice message;
	gsize len;

	g_assert_true(g_file_get_contents(path, &octets, &len, NULL));
	message = pli_slice_new(octets, len);
	structure = pli_parser_parse(message, mode, NULL);
	sources = decode_sources(structure, message);
	for (guint32 i = 0; i < pli_structure_get_n_parts(structure); i++) {
		PliPart part;

		pli_structure_get_part(structure, i, &part);
		ask_part(&script, structure, sources, &part);
	}
	if (script.n == 0)
		return 0;
	pli_imap_fake_init(&fake);
	pli_imap_fake_add(&fake, message, mode);
	check_play(&fake, path, &script, G_MAXSIZE);
	fake.slow = TRUE;
	fake.read_octets = 7;
	check_play(&fake, path, &script, 11);
	pli_imap_fake_clear(&fake);
	return script.n;
}

static void
test_octets(void)
{
	g_autoptr(GPtrArray) files = pli_corpus_list_fixtures();
	guint n = 0;

	for (guint i = 0; i < files->len; i++) {
		n += check_message(files->pdata[i], PLI_LINE_AS_IS);
		n += check_message(files->pdata[i], PLI_LINE_LF_FILE);
	}
	g_assert_cmpuint(n, >, 100);
}

static void
play(PliImapFake *fake, const char *commands, GByteArray *out)
{
	PliImapConfig config = pli_imap_config_default;
	g_autoptr(PliSession) session = NULL;
	g_autofree char *in = g_strconcat(
	        "a LOGIN u p\r\nb EXAMINE INBOX\r\n", commands, NULL);

	config.allow_login = TRUE;
	session = pli_imap_server_new(&config);
	g_assert_cmpint(pli_imap_fake_play(fake, session,
	                                   pli_slice_from_string(in),
	                                   G_MAXSIZE, out, NULL),
	                ==, PLI_STEP_WANT);
	g_byte_array_append(out, (const guint8 *)"", 1);
}

/* Several items of one command, in one source and in another; fields by name;
 * a NUL that was decoded goes out as 0x80. */
static void
test_items(void)
{
	static const char message[] =
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
		"--b\r\nContent-Type: message/rfc822\r\n"
		"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
		"Subject: on=65\r\nX-One: 1\r\n\r\nbo=00dy=0A\r\n"
		"--b\r\nContent-Type: message/rfc822\r\n"
		"Content-Transfer-Encoding: base64\r\n\r\n"
		"U3ViamVjdDogdHdvCgp0d28K\r\n"
		"--b--\r\n";
	g_autoptr(GByteArray) out = g_byte_array_new();
	PliImapFake fake;

	pli_imap_fake_init(&fake);
	pli_imap_fake_add(&fake, pli_slice_from_string(message),
	                  PLI_LINE_LF_FILE);
	play(&fake,
	     "c FETCH 1 (BODY[1.1] BODY[2.1] BODY[1.HEADER.FIELDS (x-one)] "
	     "BODY[2.HEADER.FIELDS.NOT (subject)] BODY[1.HEADER.FIELDS.NOT "
	     "(x-one)] BODY[3.1])\r\n",
	     out);
	g_assert_nonnull(strstr(
	        (char *)out->data,
	        "* 1 FETCH (BODY[1.1] {6}\r\nbo\x80" "dy\n"
	        " BODY[2.1] {4}\r\ntwo\n"
	        " BODY[1.HEADER.FIELDS (x-one)] {12}\r\nX-One: 1\r\n\r\n"
	        " BODY[2.HEADER.FIELDS.NOT (subject)] {2}\r\n\r\n"
	        " BODY[1.HEADER.FIELDS.NOT (x-one)] {16}\r\n"
	        "Subject: one\r\n\r\n"
	        " BODY[3.1] NIL)\r\n"));
	pli_imap_fake_clear(&fake);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/protocols/imap-fetch-inner/octets", test_octets);
	g_test_add_func("/protocols/imap-fetch-inner/items", test_items);
	return g_test_run();
}
