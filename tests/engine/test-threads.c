/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Eight threads that do at once what the engine can: on messages of their own,
 * and on structures that all of them read and the last one frees. Each finds
 * what one thread alone finds. Built with ThreadSanitizer, it also says when
 * two of them touch the same memory without order.
 */
#include "engine/bodystructure.h"
#include "engine/charset.h"
#include "engine/convert.h"
#include "engine/decoded-source.h"
#include "engine/decoder.h"
#include "engine/derive.h"
#include "engine/encoder.h"
#include "engine/envelope.h"
#include "engine/param.h"
#include "engine/parser.h"
#include "engine/section.h"
#include "engine/union.h"
#include "engine/word.h"
#include "tests/lib/corpus.h"

#define N_THREADS 8
#define PIECE 1000
#define ROUNDS 2
#define TEXT_MAX (16 * 1024 * 1024)

typedef struct {
	GPtrArray *messages;   /* of GBytes */
	GPtrArray *structures; /* of PliStructure; NULL: each makes its own */
	guint first;           /* the message to begin with */
	char *sum;
} Work;

static PliSlice
slice_of(GBytes *bytes)
{
	gsize length;
	gconstpointer data = g_bytes_get_data(bytes, &length);

	return pli_slice_new(data, length);
}

static void
add_slice(GChecksum *sum, PliSlice octets)
{
	guint64 length = octets.len;

	g_checksum_update(sum, (const guchar *)&length, sizeof length);
	if (octets.len > 0)
		g_checksum_update(sum, octets.data, (gssize)octets.len);
}

static PliStructure *
parse(PliSlice message)
{
	g_autoptr(PliParser) parser = pli_parser_new(PLI_LINE_AS_IS, NULL);

	while (message.len > 0) {
		PliSlice piece =
			pli_slice_new(message.data, MIN(message.len, PIECE));

		pli_parser_scan(parser, piece);
		message = pli_slice_skip(message, piece.len);
	}
	pli_parser_end_scan(parser, PLI_FINISH_COMPLETE);
	return pli_parser_steal_structure(parser);
}

/* The octets of a body, decoded, and again as text, and encoded. */
static void
add_octets(GChecksum *sum, PliContext *context, const PliStructure *structure,
           const PliPart *part, PliSlice body)
{
	PliSlice label = PLI_SLICE_NONE;
	g_autofree guint8 *out = NULL;
	PliDefectSet defects = {{0}};
	PliDecoder decoder;
	PliEncoder encoder;
	PliBuf text;
	gsize n;

	pli_decoder_init(&decoder, part->encoding);
	out = g_malloc(pli_decoder_get_bound(&decoder, body.len) +
	               sizeof decoder.held);
	n = pli_decoder_feed(&decoder, body, out);
	n += pli_decoder_finish(&decoder, out + n);
	add_slice(sum, pli_slice_new(out, n));

	pli_structure_find_param(structure, part, PLI_ITEM_TYPE_PARAM,
	                         "charset", &label);
	pli_buf_init(&text, TEXT_MAX);
	g_assert_true(pli_charset_decode(context, label, pli_slice_new(out, n),
	                                 &text, &defects));
	add_slice(sum, pli_buf_slice(&text));

	g_free(out);
	pli_encoder_init(&encoder, PLI_ENCODING_QUOTED_PRINTABLE,
	                 PLI_ENCODER_TEXT);
	out = g_malloc(pli_encoder_get_bound(&encoder, text.len) +
	               pli_encoder_get_bound(&encoder, 0));
	n = pli_encoder_feed(&encoder, pli_buf_slice(&text), out);
	n += pli_encoder_finish(&encoder, out + n);
	add_slice(sum, pli_slice_new(out, n));
	pli_buf_clear(&text);
}

static void
add_part(GChecksum *sum, PliContext *context, const PliStructure *structure,
         PliSource *message, guint32 index)
{
	g_autofree char *path = pli_section_format_path(structure, index);
	g_autoptr(GByteArray) body = g_byte_array_new();
	g_autoptr(PliSource) source = NULL;
	g_autofree char *name = NULL;
	PliPart part;
	PliItem item;

	pli_structure_get_part(structure, index, &part);
	add_slice(sum, pli_slice_from_string(path));
	name = pli_param_decode_filename(context, structure, &part, NULL);
	add_slice(sum, pli_slice_from_string(name));
	if (pli_structure_find_item(structure, &part, PLI_ITEM_SUBJECT,
	                            &item)) {
		g_autofree char *subject =
			pli_word_decode_dup(context, item.value);

		add_slice(sum, pli_slice_from_string(subject));
	}
	if (part.kind != PLI_PART_LEAF)
		return;
	source = pli_decoded_source_new(structure, message, part.body.source);
	g_assert_cmpint(pli_source_read(source, part.body.offset,
	                                part.body.length, body, NULL),
	                ==, PLI_STEP_READY);
	add_octets(sum, context, structure, &part,
	           pli_slice_new(body->data, body->len));
}

static void
add_edits(GChecksum *sum, const PliStructure *structure, PliSource *message)
{
	g_autoptr(PliStructure) derived = pli_derive_prepend(
		structure, PLI_SLICE_LITERAL("Received: by x; y\r\n"), NULL,
		NULL);
	g_autoptr(PliConvert) convert = pli_convert_new(
		structure, message, PLI_CONVERT_7BIT, NULL);
	PliSlice octets;

	if (derived != NULL)
		add_slice(sum, slice_of(pli_structure_get_bytes(derived)));
	while (convert != NULL &&
	       pli_convert_next(convert, &octets, NULL) == PLI_STEP_READY &&
	       octets.len > 0)
		add_slice(sum, octets);
}

static void
add_readings(GChecksum *sum, PliContext *context, PliStructure *structure,
             PliSource *message)
{
	g_autoptr(PliUnion) readings =
		pli_union_new(context, message, structure, NULL);
	PliUnionReading reading;

	while (pli_union_next(readings, &reading, NULL) == PLI_STEP_READY)
		add_slice(sum,
		          slice_of(pli_structure_get_bytes(reading.structure)));
}

/* All of one message; the source over its octets is this thread's. */
static void
add_message(GChecksum *sum, PliContext *context, GBytes *bytes,
            PliStructure *structure)
{
	g_autoptr(PliSource) message = pli_source_new_bytes(bytes);
	g_autoptr(PliStructure) own = parse(slice_of(bytes));
	g_autoptr(PliStructure) opened = NULL;
	PliBuf text;

	if (structure == NULL)
		structure = own;
	g_assert_true(g_bytes_equal(pli_structure_get_bytes(structure),
	                            pli_structure_get_bytes(own)));
	opened = pli_structure_open(pli_structure_get_bytes(structure), NULL);
	g_assert_nonnull(opened);
	add_slice(sum, slice_of(pli_structure_get_bytes(opened)));
	for (guint32 i = 0; i < pli_structure_get_n_parts(structure); i++)
		add_part(sum, context, structure, message, i);
	pli_buf_init(&text, TEXT_MAX);
	g_assert_true(pli_envelope_format(structure, 0, &text));
	g_assert_true(pli_bodystructure_format(structure, TRUE, &text));
	add_slice(sum, pli_buf_slice(&text));
	pli_buf_clear(&text);
	add_edits(sum, structure, message);
	add_readings(sum, context, structure, message);
}

/* Of each message on its own, and put together in the order of messages, so
 * that threads may begin anywhere. */
static gpointer
run(gpointer data)
{
	Work *work = data;
	const guint n = work->messages->len;
	g_autoptr(PliContext) context = pli_context_new();
	g_autofree char **sums = g_new0(char *, n + 1);
	g_autoptr(GChecksum) whole = g_checksum_new(G_CHECKSUM_SHA256);

	for (guint i = 0; i < n; i++) {
		guint at = (work->first + i) % n;
		g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
		PliStructure *structure =
			work->structures != NULL
				? pli_structure_ref(
					  work->structures->pdata[at])
				: NULL;

		add_message(sum, context, work->messages->pdata[at],
		            structure);
		pli_structure_unref(structure);
		sums[at] = g_strdup(g_checksum_get_string(sum));
	}
	for (guint i = 0; i < n; i++) {
		g_checksum_update(whole, (const guchar *)sums[i], -1);
		g_free(sums[i]);
	}
	work->sum = g_strdup(g_checksum_get_string(whole));
	return NULL;
}

static void
add_files(GPtrArray *messages, GPtrArray *paths)
{
	for (guint i = 0; i < paths->len; i++) {
		g_autoptr(GError) error = NULL;
		char *text;
		gsize length;

		g_file_get_contents(paths->pdata[i], &text, &length, &error);
		g_assert_no_error(error);
		g_ptr_array_add(messages, g_bytes_new_take(text, length));
	}
}

static GPtrArray *
list_folder(const char *name)
{
	g_autofree char *folder =
		g_test_build_filename(G_TEST_DIST, "tests", "data", name, NULL);
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
	const char *file;

	g_assert_nonnull(dir);
	while ((file = g_dir_read_name(dir)) != NULL)
		if (g_str_has_suffix(file, ".eml"))
			g_ptr_array_add(paths,
			                g_build_filename(folder, file, NULL));
	return paths;
}

static GPtrArray *
load_messages(void)
{
	g_autoptr(GPtrArray) good = pli_corpus_list_fixtures();
	g_autoptr(GPtrArray) ambiguous = list_folder("ambiguity");
	GPtrArray *messages = g_ptr_array_new_with_free_func(
		(GDestroyNotify)g_bytes_unref);

	add_files(messages, good);
	add_files(messages, ambiguous);
	g_assert_cmpuint(messages->len, >, 50);
	return messages;
}

/* Half of the threads begin at the same message. */
static void
run_all(Work *works, GPtrArray *messages, GPtrArray *structures)
{
	GThread *threads[N_THREADS];

	for (guint i = 0; i < N_THREADS; i++) {
		works[i] = (Work){
			.messages = messages,
			.structures = structures,
			.first = i % 2 == 0 ? 0 : i * messages->len / N_THREADS,
		};
		threads[i] = g_thread_new("work", run, &works[i]);
	}
	for (guint i = 0; i < N_THREADS; i++)
		g_thread_join(threads[i]);
}

static void
check_sums(Work *works, const char *sum)
{
	for (guint i = 0; i < N_THREADS; i++) {
		g_assert_cmpstr(works[i].sum, ==, sum);
		g_free(works[i].sum);
	}
}

/* The first thing that this program asks of the engine, so that what it looks
 * up once is looked up by all of them. */
static void
test_own(void)
{
	g_autoptr(GPtrArray) messages = load_messages();
	Work works[N_THREADS], alone = {.messages = messages};

	run_all(works, messages, NULL);
	run(&alone);
	check_sums(works, alone.sum);
	g_free(alone.sum);
}

static void
test_shared(void)
{
	g_autoptr(GPtrArray) messages = load_messages();
	Work works[N_THREADS], alone = {.messages = messages};

	run(&alone);
	for (guint round = 0; round < ROUNDS; round++) {
		g_autoptr(GPtrArray) structures =
			g_ptr_array_new_with_free_func(
				(GDestroyNotify)pli_structure_unref);

		for (guint i = 0; i < messages->len; i++)
			g_ptr_array_add(structures,
			                parse(slice_of(messages->pdata[i])));
		run_all(works, messages, structures);
		check_sums(works, alone.sum);
	}
	g_free(alone.sum);
}

typedef struct {
	PliStructure *structure;
	gint *turn;
} Last;

/* Drops a reference; which thread's is the last one nobody knows. */
static gpointer
drop(gpointer data)
{
	Last *last = data;
	guint32 n = pli_structure_get_n_parts(last->structure);

	g_atomic_int_inc(last->turn);
	while (g_atomic_int_get(last->turn) < N_THREADS)
		g_thread_yield();
	g_assert_cmpuint(pli_structure_get_n_parts(last->structure), ==, n);
	pli_structure_unref(last->structure);
	return NULL;
}

static void
test_last_reference(void)
{
	g_autoptr(GPtrArray) messages = load_messages();

	for (guint i = 0; i < messages->len; i++) {
		GThread *threads[N_THREADS];
		gint turn = 0;
		Last last = {parse(slice_of(messages->pdata[i])), &turn};

		for (guint j = 1; j < N_THREADS; j++)
			pli_structure_ref(last.structure);
		for (guint j = 0; j < N_THREADS; j++)
			threads[j] = g_thread_new("drop", drop, &last);
		for (guint j = 0; j < N_THREADS; j++)
			g_thread_join(threads[j]);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/engine/threads/own", test_own);
	g_test_add_func("/engine/threads/shared", test_shared);
	g_test_add_func("/engine/threads/last-reference", test_last_reference);
	return g_test_run();
}
