/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The generated mail that comes with its truth (gen_corpus.py): inline files
 * and flowed paragraphs, octet for octet.
 */
#include "engine/decoder.h"
#include "engine/parser.h"
#include "tests/lib/flowed-run.h"
#include "tests/lib/inline-run.h"

#include <glib/gstdio.h>
#include <json-glib/json-glib.h>

typedef struct {
	char *folder;
	guint n_flowed;
	guint n_uu;
} Tally;

static GBytes *
decode_part(PliSlice message, const PliPart *part)
{
	PliSlice body = pli_slice_new(message.data + part->body.offset,
				      part->body.length);
	GByteArray *out = g_byte_array_new();
	PliDecoder decoder;

	pli_decoder_init(&decoder, part->encoding);
	g_byte_array_set_size(out, pli_decoder_get_bound(&decoder, body.len) +
					   sizeof decoder.held);
	pli_decoder_feed(&decoder, body, out->data);
	pli_decoder_finish(&decoder, out->data + decoder.produced);
	g_byte_array_set_size(out, decoder.produced);
	return g_byte_array_free_to_bytes(out);
}

static void
check_sum(gconstpointer data, gsize len, const char *sha256)
{
	g_autofree char *sum =
		g_compute_checksum_for_data(G_CHECKSUM_SHA256, data, len);

	g_assert_cmpstr(sum, ==, sha256);
}

static void
check_uu(PliSlice text, JsonObject *truth)
{
	g_autoptr(PliInlinePart) reader = pli_inline_part_new();
	g_autoptr(GByteArray) data = g_byte_array_new();
	PliInlinePartEvent event;
	guint n_ends = 0;

	pli_inline_part_feed(reader, text);
	for (guint pass = 0; pass < 2; pass++) {
		while (pli_inline_part_next(reader, &event) == PLI_STEP_READY) {
			g_autofree char *name = pli_slice_dup(event.name);

			if (event.type == PLI_INLINE_PART_BEGIN)
				g_assert_cmpstr(name, ==,
						json_object_get_string_member(
							truth, "filename"));
			if (event.type == PLI_INLINE_PART_DATA)
				g_byte_array_append(data, event.octets.data,
						    event.octets.len);
			if (event.type != PLI_INLINE_PART_END)
				continue;
			n_ends++;
			g_assert_true(pli_defect_set_is_empty(&event.defects));
		}
		pli_inline_part_finish(reader);
	}
	g_assert_cmpuint(n_ends, ==, 1);
	check_sum(data->data, data->len,
		  json_object_get_string_member(truth, "sha256"));
}

static void
check_leaf(PliSlice message, const PliPart *part, JsonObject *truth,
	   Tally *tally)
{
	g_autoptr(GBytes) octets = NULL;
	PliSlice text;

	if (!json_object_has_member(truth, "uu") &&
	    !json_object_has_member(truth, "flowed_sha256"))
		return;
	octets = decode_part(message, part);
	text = pli_slice_new(g_bytes_get_data(octets, NULL),
			     g_bytes_get_size(octets));
	if (json_object_has_member(truth, "uu")) {
		tally->n_uu++;
		check_uu(text,
			 json_array_get_object_element(
				 json_object_get_array_member(truth, "uu"), 0));
	} else {
		g_autoptr(GBytes) paragraphs = pli_flowed_run(&text, 1, NULL);

		tally->n_flowed++;
		check_sum(
			g_bytes_get_data(paragraphs, NULL),
			g_bytes_get_size(paragraphs),
			json_object_get_string_member(truth, "flowed_sha256"));
	}
}

/* The tree's leaves in order, as the message's are. */
static void
list_leaves(JsonObject *node, GPtrArray *leaves)
{
	JsonArray *children =
		json_object_has_member(node, "children")
			? json_object_get_array_member(node, "children")
			: NULL;

	if (children == NULL)
		g_ptr_array_add(leaves, node);
	for (guint i = 0;
	     children != NULL && i < json_array_get_length(children); i++)
		list_leaves(json_array_get_object_element(children, i), leaves);
}

static void
check_message(const char *line, Tally *tally)
{
	g_autoptr(JsonNode) node = json_from_string(line, NULL);
	JsonObject *truth = json_node_get_object(node);
	g_autofree char *path = g_build_filename(
		tally->folder, json_object_get_string_member(truth, "file"),
		NULL);
	g_autoptr(GPtrArray) leaves = g_ptr_array_new();
	g_autoptr(PliStructure) structure = NULL;
	g_autofree char *octets = NULL;
	PliSlice message;
	guint n = 0;

	g_assert_true(g_file_get_contents(path, &octets, &message.len, NULL));
	g_remove(path);
	message.data = (const guint8 *)octets;
	structure = pli_parser_parse(message, PLI_LINE_AS_IS, NULL);
	list_leaves(json_object_get_object_member(truth, "tree"), leaves);
	for (guint i = 0; i < pli_structure_get_n_parts(structure); i++) {
		PliPart part;

		pli_structure_get_part(structure, i, &part);
		if (part.kind != PLI_PART_LEAF)
			continue;
		g_assert_cmpuint(n, <, leaves->len);
		check_leaf(message, &part, leaves->pdata[n++], tally);
	}
	g_assert_cmpuint(n, ==, leaves->len);
}

static gboolean
generate(const char *tool, Tally *tally, GError **error)
{
	const char *argv[] = {"python3", tool,		"-n",	 "1500",
			      "--seed",	 "11",		"--mix", "tiny",
			      "-o",	 tally->folder, NULL};
	gint status = 1;

	return g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH,
			    NULL, NULL, NULL, NULL, &status, error) &&
	       g_spawn_check_wait_status(status, error);
}

static void
test_truth(void)
{
	const char *shared = g_getenv("PLI_SHARED");
	g_autofree char *tool =
		shared != NULL
			? g_build_filename(shared, "tools", "gen_corpus.py",
					   NULL)
			: g_test_build_filename(G_TEST_DIST, "..", "shared",
						"tools", "gen_corpus.py", NULL);
	Tally tally = {0};
	g_autofree char *manifest = NULL, *text = NULL;
	g_auto(GStrv) lines = NULL;
	g_autoptr(GError) error = NULL;

	if (!g_file_test(tool, G_FILE_TEST_EXISTS)) {
		g_test_skip("there is no gen_corpus.py (PLI_SHARED)");
		return;
	}
	tally.folder = g_dir_make_tmp("pli-generated-XXXXXX", &error);
	g_assert_no_error(error);
	g_assert_true(generate(tool, &tally, &error));
	manifest = g_build_filename(tally.folder, "manifest.jsonl", NULL);
	g_assert_true(g_file_get_contents(manifest, &text, NULL, NULL));
	g_remove(manifest);
	lines = g_strsplit(text, "\n", -1);
	for (guint i = 0; lines[i] != NULL && lines[i][0] != '\0'; i++)
		check_message(lines[i], &tally);
	g_rmdir(tally.folder);
	g_free(tally.folder);
	g_test_message("%u flowed parts, %u with uuencode", tally.n_flowed,
		       tally.n_uu);
	g_assert_cmpuint(tally.n_flowed, >, 3);
	g_assert_cmpuint(tally.n_uu, >, 3);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/engine/generated/truth", test_truth);
	return g_test_run();
}
