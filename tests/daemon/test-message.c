/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/message.h"

#include <glib/gstdio.h>

#define ROW_OCTETS 100000

typedef struct {
	char *dir;
	PliConfig *config;
	PliCounters counters;
	PliSharedSpool spool;
	PliServices services;
	gboolean has_file; /* the last one taken lies whole in a file */
} Fixture;

static void
set_up(Fixture *f, gconstpointer data)
{
	g_autoptr(GError) error = NULL;

	f->dir = g_dir_make_tmp("pli-message-XXXXXX", NULL);
	f->config = pli_config_new();
	f->spool.spool = pli_spool_open(f->dir, 0, ROW_OCTETS, &error);
	g_assert_no_error(error);
	f->services.config = f->config;
	f->services.counters = &f->counters;
	f->services.spool = &f->spool;
	f->services.parsers = g_ptr_array_new_with_free_func(
	        (GDestroyNotify)pli_parser_free);
}

static void
remove_file(const char *dir, const char *name)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);

	g_remove(path);
}

static void
tear_down(Fixture *f, gconstpointer data)
{
	g_ptr_array_unref(f->services.parsers);
	pli_spool_close(f->spool.spool);
	pli_config_free(f->config);
	remove_file(f->dir, "0.db");
	remove_file(f->dir, "0.db-wal");
	remove_file(f->dir, "0.db-shm");
	remove_file(f->dir, "0");
	g_assert_cmpint(g_rmdir(f->dir), ==, 0);
	g_free(f->dir);
}

static const PliSmtpPath sender = {.text = "a@x", .local = "a"};
static const PliSmtpPath recipient = {.text = "b@x", .local = "b"};
static const PliSmtpMail mail = {.path = &sender,
                                 .parameters = "RET=HDRS ENVID=x"};
static const PliSmtpRcpt rcpt = {.path = &recipient,
                                 .parameters = "NOTIFY=NEVER"};
static const PliSmtpRcpt *const rcpts[] = {&rcpt};
static const PliSmtpEnvelope envelope = {
        .mail = &mail,
        .recipients = rcpts,
        .n_recipients = 1,
        .helo = "h",
        .protocol = "ESMTP",
        .peer = "192.0.2.1",
};

/* Feeds `text` in pieces, commits, reads back, and holds the structure against
 * a fresh scan of what was stored. */
static void
take_as(Fixture *f, PliSlice text, gsize piece, gboolean is_submitted,
        GByteArray *all)
{
	g_autoptr(PliMessage) message = pli_message_new(&f->services);
	g_autoptr(PliSpooled) spooled = NULL;
	g_autoptr(PliStructure) fresh = NULL;
	char *accounts[] = {(char *)"b", NULL};
	g_autoptr(GPtrArray) targets = g_ptr_array_new();
	g_autoptr(GError) error = NULL;
	const PliSpoolEnvelope *stored;
	PliSpoolDone done = {NULL, 0};
	PliSource *source;
	int dir;
	PliSlice rest = text;

	g_ptr_array_add(targets, accounts);
	message->is_submitted = is_submitted;
	pli_message_begin(message, &envelope, targets);
	while (rest.len > 0) {
		gsize n = MIN(piece, rest.len);

		pli_message_append(message, pli_slice_new(rest.data, n));
		rest = pli_slice_skip(rest, n);
	}
	g_assert_true(pli_message_finish(message));
	g_assert_true(pli_spool_commit(f->spool.spool, &message->entry, 1,
	                               &error));
	g_assert_no_error(error);
	spooled = pli_spool_load(f->spool.spool,
	                         pli_spool_entry_get_id(message->entry),
	                         &error);
	g_assert_no_error(error);
	stored = pli_spooled_get_envelope(spooled);
	g_assert_cmpstr(stored->parameters, ==, "RET=HDRS ENVID=x");
	g_assert_cmpuint(stored->n_recipients, ==, 1);
	g_assert_cmpstr(stored->recipients[0].parameters, ==, "NOTIFY=NEVER");
	g_byte_array_append(all, stored->prefix.data,
	                    (guint)stored->prefix.len);
	source = pli_spooled_get_source(spooled);
	g_assert_cmpint(pli_source_read(source, 0,
	                                pli_source_get_length(source), all,
	                                NULL),
	                ==, PLI_STEP_READY);
	fresh = pli_parser_parse(pli_slice_new(all->data, all->len),
	                         PLI_LINE_AS_IS, NULL);
	g_assert_true(g_bytes_equal(pli_structure_get_bytes(fresh),
	                            pli_structure_get_bytes(
	                                    stored->structure)));
	g_assert_cmpuint(f->counters.octets_received, ==,
	                 f->counters.octets_scanned);
	g_assert_cmpuint(f->counters.scan_mismatches, ==, 0);
	done.id = pli_spool_entry_get_id(message->entry);
	g_assert_true(pli_spool_set_done(f->spool.spool, &done, 1, NULL));
	g_assert_cmpuint(all->len - message->prefix->len, ==, text.len);
	g_assert_cmpmem(all->data + message->prefix->len, text.len, text.data,
	                text.len);
	f->has_file = pli_spooled_get_file(spooled, &dir) != NULL;
}

static void
take(Fixture *f, PliSlice text, gsize piece)
{
	g_autoptr(GByteArray) all = g_byte_array_new();

	take_as(f, text, piece, FALSE, all);
}

static void
test_derived(Fixture *f, gconstpointer data)
{
	PliSlice text = PLI_SLICE_LITERAL(
	        "Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n"
	        "\r\n--b\r\n\r\none\r\n--b\r\n\r\ntwo\r\n--b--\r\n");
	gsize piece;

	for (piece = 1; piece <= text.len; piece++)
		take(f, text, piece);
	g_assert_cmpuint(f->counters.derived, ==, text.len);
	g_assert_cmpuint(f->counters.rebuilt, ==, 0);
	g_assert_cmpuint(f->counters.octets_received, ==, text.len * text.len);
	g_assert_cmpuint(f->services.parsers->len, ==, 1);
}

static void
test_empty(Fixture *f, gconstpointer data)
{
	take(f, PLI_SLICE_NONE, 1);
	take(f, PLI_SLICE_LITERAL("\r\n"), 1);
	take(f, PLI_SLICE_LITERAL("no field\r\n"), 3);
}

/* More fields than the limit, in a row of the spool and in a file of it. */
static void
test_rebuilt(Fixture *f, gconstpointer data)
{
	GString *text = g_string_new(NULL);
	guint i;

	for (i = 0; i < pli_limits_default.fields + 1; i++)
		g_string_append(text, "F:\r\n");
	g_assert_cmpuint(text->len, <, ROW_OCTETS);
	take(f, pli_slice_new(text->str, text->len), 4096);
	g_assert_cmpuint(f->counters.rebuilt, ==, 1);
	for (i = 0; i < 10000; i++)
		g_string_append(text, "F:\r\n");
	g_assert_cmpuint(text->len, >, ROW_OCTETS);
	take(f, pli_slice_new(text->str, text->len), 4096);
	g_assert_cmpuint(f->counters.rebuilt, ==, 2);
	g_assert_cmpuint(f->counters.derived, ==, 0);
	g_string_free(text, TRUE);
}

static guint
count(const GByteArray *all, const char *field)
{
	g_autofree char *text = pli_slice_dup(
	        pli_slice_new(all->data, all->len));
	g_auto(GStrv) parts = g_strsplit(text, field, -1);

	return g_strv_length(parts) - 1;
}

/* Fields before the body, and how often each is there in the end. */
static void
submit(Fixture *f, const char *fields, gsize body, gsize piece, guint n_dates,
       guint n_ids)
{
	g_autoptr(GString) text = g_string_new(fields);
	g_autoptr(GByteArray) all = g_byte_array_new();

	g_string_append(text, "\r\n");
	while (body > 0) {
		g_string_append(text, "a line of the body\r\n");
		body -= MIN(body, 20);
	}
	take_as(f, pli_slice_new(text->str, text->len), piece, TRUE, all);
	g_assert_true(g_str_has_prefix((const char *)all->data,
	                               "Return-Path: <a@x>\r\nReceived: "));
	g_assert_cmpuint(count(all, "\nDate: "), ==, n_dates);
	g_assert_cmpuint(count(all, "\nMessage-ID: "), ==, n_ids);
}

/* What is missing is known when the file begins, and it is written once; but
 * for a header that is longer than a row. */
static void
test_submitted(Fixture *f, gconstpointer data)
{
	g_autoptr(GString) header = g_string_new(NULL);
	static const char both[] = "Date: now\r\nMessage-ID: <1@x>\r\n";
	static const gsize pieces[] = {1000, 65536, ROW_OCTETS,
	                               ROW_OCTETS * 3};

	for (guint i = 0; i < G_N_ELEMENTS(pieces); i++) {
		submit(f, "Subject: x\r\n", 10, pieces[i], 1, 1);
		g_assert_false(f->has_file);
		submit(f, "Subject: x\r\n", 2 * ROW_OCTETS, pieces[i], 1, 1);
		g_assert_true(f->has_file);
		submit(f, "Date: x\r\n", 2 * ROW_OCTETS, pieces[i], 1, 1);
		g_assert_true(f->has_file);
		submit(f, both, 2 * ROW_OCTETS, pieces[i], 1, 1);
		g_assert_true(f->has_file);
	}
	for (guint i = 0; i < ROW_OCTETS / 1000 + 10; i++)
		g_string_append_printf(header, "X-%u: %01000d\r\n", i, 0);
	/* the body is not scanned again for what was put before it */
	g_assert_cmpuint(f->counters.rebuilt, ==, 12);
	g_assert_cmpuint(f->counters.rebuilt_octets, <, 12 * 1000);
	submit(f, header->str, 10, 4096, 1, 1);
	g_assert_false(f->has_file);
	g_string_append(header, both);
	submit(f, header->str, 10, 4096, 1, 1);
	g_assert_false(f->has_file);
}

/* A message that is dropped in the middle gives its parser back. */
static void
test_dropped(Fixture *f, gconstpointer data)
{
	PliMessage *message = pli_message_new(&f->services);

	pli_message_append(message, PLI_SLICE_LITERAL("Subject: ha"));
	pli_message_free(message);
	g_assert_cmpuint(f->services.parsers->len, ==, 1);
	take(f, PLI_SLICE_LITERAL("Subject: whole\r\n\r\n"), 100);
}

#define ADD(name, func)                                                        \
	g_test_add("/daemon/message/" name, Fixture, NULL, set_up, func,       \
	           tear_down)

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	ADD("derived", test_derived);
	ADD("empty", test_empty);
	ADD("rebuilt", test_rebuilt);
	ADD("submitted", test_submitted);
	ADD("dropped", test_dropped);
	return g_test_run();
}
