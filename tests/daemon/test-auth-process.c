/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The auth process before a worker that asks as it should, and before one that
 * was taken over. */
#include "daemon/auth-process.h"

#include <glib/gstdio.h>
#include <poll.h>
#include <string.h>

#include "daemon/auth-wire.h"
#include "daemon/auth.h"
#include "daemon/channel.h"

#define PASSWORD "correct horse"

typedef struct {
	char *dir;
	struct event_base *base;
	PliConfig *config;
	PliRoot *root;
	PliAuthProcess *process;
	PliAuth *auth;	   /* a worker that asks as it should */
	PliChannel *worker; /* one that was taken over */
	GString *seen;
	guint n;
	gboolean closed;
} Fixture;

static const PliLog log_nowhere = {-1, PLI_LOG_TEXT};

static void
on_message(gpointer data, guint32 type, GVariant *body, int *fd)
{
	Fixture *f = data;
	guint32 result;
	guint64 id;

	g_assert_cmpuint(type, ==, PLI_AUTH_WIRE_REPLY);
	g_assert_true(g_variant_is_of_type(
		body, G_VARIANT_TYPE(PLI_AUTH_WIRE_REPLY_TYPE)));
	g_variant_get(body, "(tumayayay)", &id, &result, NULL, NULL, NULL);
	g_string_append_printf(f->seen, "%" G_GUINT64_FORMAT ":%u ", id,
			       result);
	f->n++;
}

static void
on_closed(gpointer data)
{
	Fixture *f = data;

	f->closed = TRUE;
}

static const PliChannelHandler handler = {on_message, on_closed};

static void
set_up(Fixture *f, gconstpointer data)
{
	int fds[2];
	g_autoptr(GError) error = NULL;

	f->dir = g_dir_make_tmp("pli-auth-XXXXXX", NULL);
	f->base = event_base_new();
	f->config = pli_config_new();
	f->config->accounts = PLI_ACCOUNTS_FILE;
	f->config->failure_seconds = 0;
	g_free(f->config->users);
	f->config->users = g_build_filename(f->dir, "accounts", NULL);
	g_assert_true(pli_users_set(f->config->users, "alice", PASSWORD, 1,
				    PLI_USERS_ADD, &error));
	f->root = pli_root_open(f->dir, -1, -1, &error);
	g_assert_no_error(error);
	f->process = pli_auth_process_new(f->base, f->config, f->root, NULL,
					  &log_nowhere, &error);
	g_assert_no_error(error);
	g_assert_true(pli_channel_pair(fds, NULL));
	f->auth = pli_auth_new(f->base);
	pli_auth_set_process(f->auth, fds[0]);
	pli_auth_process_add_worker(f->process, fds[1]);
	g_assert_true(pli_channel_pair(fds, NULL));
	f->worker = pli_channel_new(f->base, fds[0], &handler, f);
	pli_auth_process_add_worker(f->process, fds[1]);
	f->seen = g_string_new(NULL);
}

static void
remove_folder(const char *path)
{
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	const char *name;

	while ((name = g_dir_read_name(dir)) != NULL) {
		g_autofree char *file = g_build_filename(path, name, NULL);

		if (g_file_test(file, G_FILE_TEST_IS_DIR))
			remove_folder(file);
		else
			g_unlink(file);
	}
	g_rmdir(path);
}

static void
tear_down(Fixture *f, gconstpointer data)
{
	pli_auth_process_free(f->process);
	pli_auth_free(f->auth);
	pli_channel_free(f->worker);
	pli_root_close(f->root);
	pli_config_free(f->config);
	event_base_free(f->base);
	g_string_free(f->seen, TRUE);
	remove_folder(f->dir);
	g_free(f->dir);
}

/* Until `n` replies have come to the one that was taken over. */
static void
turn_until(Fixture *f, guint n)
{
	gint64 until = g_get_monotonic_time() + 20 * G_USEC_PER_SEC;

	while (f->n < n && !f->closed && g_get_monotonic_time() < until) {
		event_base_loop(f->base, EVLOOP_NONBLOCK);
		g_usleep(100);
	}
	g_assert_cmpuint(f->n, >=, n);
}

static void
send_check(Fixture *f, guint64 id, const char *user, const char *password)
{
	pli_channel_send(f->worker, PLI_AUTH_WIRE_CHECK,
			 g_variant_new("(t^ay^ay)", id, user, password), -1);
}

static void
send_start(Fixture *f, guint64 id, const char *mechanism)
{
	pli_channel_send(f->worker, PLI_AUTH_WIRE_START,
			 g_variant_new("(t^ay^aymaymay^ay)", id, mechanism,
				       "mx.example", NULL, NULL, ""),
			 -1);
}

static void
send_step(Fixture *f, guint64 id, const char *response, gsize len)
{
	GVariant *octets =
		response == NULL
			? NULL
			: g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE,
						    response, len, 1);

	pli_channel_send(f->worker, PLI_AUTH_WIRE_STEP,
			 g_variant_new("(tm@ay)", id, octets), -1);
}

static void
send_end(Fixture *f, guint64 id)
{
	pli_channel_send(f->worker, PLI_AUTH_WIRE_END,
			 g_variant_new("(t)", id), -1);
}

static void
test_published(Fixture *f, gconstpointer data)
{
	g_autofree char *text = NULL;
	g_autoptr(PliUsers) users = pli_users_load(f->root->users, NULL);

	g_assert_true(
		g_file_get_contents(f->root->users, &text, NULL, NULL));
	g_assert_null(strstr(text, "scram"));
	g_assert_nonnull(pli_users_find(users, "alice"));
	g_assert_false(pli_users_check_password(users, "alice", PASSWORD));
	g_assert_cmpuint(pli_users_get_n(users), ==, 1);
}

static void
test_passwords(Fixture *f, gconstpointer data)
{
	send_check(f, 1, "alice", PASSWORD);
	send_check(f, 2, "alice", "wrong");
	send_check(f, 3, "nobody", PASSWORD);
	send_check(f, 4, "", "");
	turn_until(f, 4);
	g_assert_cmpstr(f->seen->str, ==, "1:1 2:2 3:2 4:2 ");
}

static void
test_exchange(Fixture *f, gconstpointer data)
{
	static const char good[] = "\0alice\0" PASSWORD;

	send_start(f, 7, "PLAIN");
	send_step(f, 7, good, sizeof(good) - 1);
	turn_until(f, 1);
	g_assert_cmpstr(f->seen->str, ==, "7:1 ");
}

/* Answered TROUBLE: what does not exist, is over, or is not its turn. */
static void
test_out_of_turn(Fixture *f, gconstpointer data)
{
	send_step(f, 1, "x", 1);
	send_start(f, 2, "NO-SUCH-MECHANISM");
	send_step(f, 2, "x", 1);
	send_start(f, 3, "PLAIN");
	send_end(f, 3);
	send_end(f, 3);
	send_step(f, 3, "x", 1);
	turn_until(f, 3);
	g_assert_cmpstr(f->seen->str, ==, "1:4 2:4 3:4 ");
}

/* The second of two steps, another START of its id and END while it is busy. */
static void
test_busy(Fixture *f, gconstpointer data)
{
	static const char good[] = "\0alice\0" PASSWORD;

	send_start(f, 5, "PLAIN");
	send_step(f, 5, good, sizeof(good) - 1);
	send_step(f, 5, good, sizeof(good) - 1);
	send_start(f, 5, "PLAIN");
	send_end(f, 5);
	turn_until(f, 2);
	g_assert_cmpstr(f->seen->str, ==, "5:4 5:1 ");
}

/* It goes in the middle of everything. */
static void
test_goes(Fixture *f, gconstpointer data)
{
	for (guint64 id = 0; id < 50; id++) {
		send_start(f, id, "SCRAM-SHA-256");
		send_step(f, id, "n,,n=alice,r=abc", 16);
		send_check(f, 1000 + id, "alice", "wrong");
	}
	event_base_loop(f->base, EVLOOP_NONBLOCK);
	g_clear_pointer(&f->worker, pli_channel_free);
	for (guint i = 0; i < 200; i++) {
		event_base_loop(f->base, EVLOOP_NONBLOCK);
		g_usleep(100);
	}
}

static gboolean
is_hung_up(int fd)
{
	struct pollfd wait = {fd, POLLIN, 0};

	return poll(&wait, 1, 0) == 1 && wait.revents & POLLHUP;
}

/* Who asks and does not read is let go, and the others are served. */
static void
test_deaf(Fixture *f, gconstpointer data)
{
	struct event_base *never = event_base_new(); /* turned */
	gboolean let_go = FALSE;
	PliChannel *deaf;
	int fds[2];

	g_assert_true(pli_channel_pair(fds, NULL));
	deaf = pli_channel_new(never, fds[0], &handler, f);
	pli_auth_process_add_worker(f->process, fds[1]);
	for (guint i = 0; i < 1000000 && !let_go; i++) {
		pli_channel_send(deaf, PLI_AUTH_WIRE_STEP,
				 g_variant_new("(tm@ay)", (guint64)i, NULL),
				 -1);
		event_base_loop(f->base, EVLOOP_NONBLOCK);
		let_go = is_hung_up(fds[0]);
	}
	g_assert_true(let_go);
	pli_channel_free(deaf);
	event_base_free(never);
	send_check(f, 1, "alice", PASSWORD);
	turn_until(f, 1);
}

static void
test_junk(Fixture *f, gconstpointer data)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(11);
	static const char *const types[] = {"(t)", "(tay)", "(tmay)",
					    "(tayay)", "(tayaymaymayay)", "s",
					    "a{sv}"};

	for (guint i = 0; i < 20000; i++) {
		guint8 octets[64];
		gsize len = g_rand_int(rand) % sizeof(octets);
		g_autoptr(GVariant) body = NULL;

		for (gsize j = 0; j < len; j++)
			octets[j] = (guint8)(g_rand_int(rand) % 3);
		body = g_variant_ref_sink(g_variant_new_from_data(
			G_VARIANT_TYPE(types[i % G_N_ELEMENTS(types)]), octets,
			len, FALSE, NULL, NULL));
		pli_channel_send(f->worker, g_rand_int(rand) % 6, body, -1);
		event_base_loop(f->base, EVLOOP_NONBLOCK);
		g_string_truncate(f->seen, 0);
	}
	f->n = 0;
	send_check(f, 1, "alice", PASSWORD);
	turn_until(f, 1);
}

typedef struct {
	guint n;
	PliSaslResult result;
} Told;

static void
on_told(gpointer data, PliSaslResult result, PliSlice challenge)
{
	Told *told = data;

	told->n++;
	told->result = result;
}

static void
turn_until_told(Fixture *f, const Told *told)
{
	gint64 until = g_get_monotonic_time() + 20 * G_USEC_PER_SEC;

	while (told->n == 0 && g_get_monotonic_time() < until) {
		event_base_loop(f->base, EVLOOP_NONBLOCK);
		g_usleep(100);
	}
	g_assert_cmpuint(told->n, ==, 1);
}

/* The worker's side, to the other end and back. */
static void
test_worker_side(Fixture *f, gconstpointer data)
{
	static const char good[] = "\0alice\0" PASSWORD;
	const PliSaslChannel channel = {.hostname = "mx.example"};
	PliAuthExchange *exchange = pli_auth_start(f->auth, "PLAIN", &channel);
	g_autofree char *long_one = g_strnfill(20000, 'x');
	Told told = {0}, of_long = {0}, late = {0};

	pli_auth_step(f->auth, exchange, pli_slice_new(good, sizeof(good) - 1),
		      on_told, &told);
	turn_until_told(f, &told);
	g_assert_cmpint(told.result, ==, PLI_SASL_DONE);
	g_assert_cmpstr(pli_auth_exchange_get_account(exchange), ==, "alice");
	g_assert_cmpstr(pli_auth_exchange_get_user(exchange), ==, "alice");
	pli_auth_exchange_free(exchange);
	pli_auth_check(f->auth, "alice", long_one, on_told, &of_long);
	turn_until_told(f, &of_long);
	g_assert_cmpint(of_long.result, ==, PLI_SASL_REFUSED);
	/* nobody is there any more */
	g_clear_pointer(&f->process, pli_auth_process_free);
	pli_auth_check(f->auth, "alice", PASSWORD, on_told, &late);
	turn_until_told(f, &late);
	g_assert_cmpint(late.result, ==, PLI_SASL_TROUBLE);
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *path;
		void (*run)(Fixture *f, gconstpointer data);
	} tests[] = {
		{"/daemon/auth-process/published", test_published},
		{"/daemon/auth-process/passwords", test_passwords},
		{"/daemon/auth-process/exchange", test_exchange},
		{"/daemon/auth-process/out-of-turn", test_out_of_turn},
		{"/daemon/auth-process/busy", test_busy},
		{"/daemon/auth-process/goes", test_goes},
		{"/daemon/auth-process/deaf", test_deaf},
		{"/daemon/auth-process/junk", test_junk},
		{"/daemon/auth-process/worker-side", test_worker_side},
	};

	g_test_init(&argc, &argv, NULL);
	for (gsize i = 0; i < G_N_ELEMENTS(tests); i++)
		g_test_add(tests[i].path, Fixture, NULL, set_up, tests[i].run,
			   tear_down);
	return g_test_run();
}
