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
take(Fixture *f, PliSlice text, gsize piece)
{
	g_autoptr(PliMessage) message = pli_message_new(&f->services);
	g_autoptr(PliSpooled) spooled = NULL;
	g_autoptr(PliStructure) fresh = NULL;
	char *accounts[] = {(char *)"b", NULL};
	g_autoptr(GPtrArray) targets = g_ptr_array_new();
	g_autoptr(GByteArray) all = g_byte_array_new();
	g_autoptr(GError) error = NULL;
	const PliSpoolEnvelope *stored;
	PliSpoolDone done = {NULL, 0};
	PliSlice rest = text;

	while (rest.len > 0) {
		gsize n = MIN(piece, rest.len);

		pli_message_append(message, pli_slice_new(rest.data, n));
		rest = pli_slice_skip(rest, n);
	}
	g_ptr_array_add(targets, accounts);
	g_assert_true(pli_message_finish(message, &envelope, targets));
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
	g_assert_cmpint(pli_source_read(pli_spooled_get_source(spooled), 0,
	                                text.len, all, NULL),
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
	ADD("dropped", test_dropped);
	return g_test_run();
}
