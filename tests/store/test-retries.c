/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/retries.h"

#include "tests/store/store-fixture.h"

#define NOW G_GINT64_CONSTANT(1800000000)

typedef struct {
	char *dir;
	PliRetries *retries; /* slot 1 */
} Fixture;

static PliRetries *
open_slot(const char *dir, guint slot)
{
	g_autoptr(GError) error = NULL;
	PliRetries *retries = pli_retries_open(dir, slot, &error);

	g_assert_no_error(error);
	g_assert_nonnull(retries);
	return retries;
}

static void
set_up(Fixture *f, gconstpointer data)
{
	f->dir = fixture_make_dir();
	f->retries = open_slot(f->dir, 1);
}

static void
tear_down(Fixture *f, gconstpointer data)
{
	pli_retries_close(f->retries);
	fixture_remove(f->dir);
	g_free(f->dir);
}

/* As after a kill: nothing was told. */
static void
reopen(Fixture *f)
{
	pli_retries_close(f->retries);
	f->retries = open_slot(f->dir, 1);
}

/* Keys of one first octet share their places. */
static guint
begin_at(PliRetries *retries, guint number, gint64 now, char **ret_origin)
{
	guint8 key[PLI_RETRIES_KEY] = {7, number >> 8, number & 0xff};

	return pli_retries_begin(retries, key, now, ret_origin);
}

static guint
begin(PliRetries *retries, guint number, char **ret_origin)
{
	guint transaction = begin_at(retries, number, NOW, ret_origin);

	g_assert_cmpuint(transaction, >, 0);
	return transaction;
}

/* One that is begun and lost. */
static char *
lose(Fixture *f, guint number)
{
	char *origin = NULL;

	pli_retries_end(f->retries, begin(f->retries, number, &origin), FALSE,
			NOW);
	return origin;
}

static void
assert_is_new(PliRetries *retries, guint number, gint64 now,
	      const char *origin)
{
	g_autofree char *found = NULL;
	guint transaction = begin_at(retries, number, now, &found);

	g_assert_cmpuint(transaction, >, 0);
	g_assert_cmpstr(found, !=, origin);
	pli_retries_end(retries, transaction, TRUE, now);
}

static void
assert_is_again(PliRetries *retries, guint number, gint64 now,
		const char *origin)
{
	g_autofree char *found = NULL;
	guint transaction = begin_at(retries, number, now, &found);

	g_assert_cmpstr(found, ==, origin);
	pli_retries_end(retries, transaction, FALSE, now);
}

static void
test_lost(Fixture *f, gconstpointer data)
{
	g_autofree char *origin = lose(f, 1);
	g_autofree char *again = NULL;
	guint transaction;

	assert_is_new(f->retries, 2, NOW, origin);
	transaction = begin(f->retries, 1, &again);
	g_assert_cmpstr(again, ==, origin);
	/* while it is open it is nobody else's, and later it is over */
	assert_is_new(f->retries, 1, NOW, origin);
	pli_retries_end(f->retries, transaction, TRUE, NOW);
	assert_is_new(f->retries, 1, NOW, origin);
}

static void
test_answered(Fixture *f, gconstpointer data)
{
	g_autofree char *origin = NULL;
	guint transaction = begin(f->retries, 1, &origin);

	pli_retries_set_replying(f->retries, transaction);
	pli_retries_end(f->retries, transaction, TRUE, NOW);
	assert_is_new(f->retries, 1, NOW, origin);
}

/* The reply could not be given after all. */
static void
test_not_told(Fixture *f, gconstpointer data)
{
	g_autofree char *origin = NULL;
	guint transaction = begin(f->retries, 1, &origin);

	pli_retries_set_replying(f->retries, transaction);
	pli_retries_end(f->retries, transaction, FALSE, NOW);
	assert_is_again(f->retries, 1, NOW, origin);
}

/* Two equal ones that are lost are two. */
static void
test_two(Fixture *f, gconstpointer data)
{
	char *origins[4] = {NULL};
	guint transactions[4];
	guint i;

	for (i = 0; i < 2; i++)
		transactions[i] = begin(f->retries, 1, &origins[i]);
	g_assert_cmpstr(origins[0], !=, origins[1]);
	for (i = 0; i < 2; i++)
		pli_retries_end(f->retries, transactions[i], FALSE, NOW);
	for (i = 2; i < 4; i++)
		transactions[i] = begin(f->retries, 1, &origins[i]);
	g_assert_cmpstr(origins[2], !=, origins[3]);
	for (i = 2; i < 4; i++)
		g_assert_true(g_strcmp0(origins[i], origins[0]) == 0 ||
			      g_strcmp0(origins[i], origins[1]) == 0);
	assert_is_new(f->retries, 1, NOW, origins[0]);
	assert_is_new(f->retries, 1, NOW, origins[1]);
	for (i = 0; i < 4; i++)
		g_free(origins[i]);
}

static void
test_hours(Fixture *f, gconstpointer data)
{
	g_autofree char *origin = lose(f, 1);

	/* the clock may go back */
	assert_is_again(f->retries, 1, NOW - 1000, origin);
	assert_is_again(f->retries, 1, NOW, origin);
	assert_is_again(f->retries, 1, NOW + PLI_RETRIES_SECONDS, origin);
	/* each time that it is lost anew, its time begins */
	assert_is_again(f->retries, 1, NOW + 2 * PLI_RETRIES_SECONDS, origin);
	assert_is_new(f->retries, 1, NOW + 3 * PLI_RETRIES_SECONDS + 1, origin);
}

/* A server that dies with it open loses it; with its reply on the way, it
 * counts as answered. */
static void
test_killed(Fixture *f, gconstpointer data)
{
	g_autofree char *lost = lose(f, 1);
	g_autofree char *open = NULL;
	g_autofree char *replying = NULL;

	begin(f->retries, 2, &open);
	pli_retries_set_replying(f->retries, begin(f->retries, 3, &replying));
	reopen(f);
	assert_is_again(f->retries, 1, NOW, lost);
	assert_is_again(f->retries, 2, NOW, open);
	assert_is_new(f->retries, 3, NOW, replying);
}

/* Slots share what is lost, and leave alone what is another's. */
static void
test_slots(Fixture *f, gconstpointer data)
{
	PliRetries *other = open_slot(f->dir, 2);
	g_autofree char *origin = lose(f, 1);
	g_autofree char *taken = NULL;
	g_autofree char *open = NULL;

	begin(f->retries, 2, &open);
	assert_is_new(other, 2, NOW, open);
	begin(other, 1, &taken);
	g_assert_cmpstr(taken, ==, origin);
	assert_is_new(f->retries, 1, NOW, origin);
	pli_retries_close(other);
	reopen(f);
	assert_is_again(f->retries, 2, NOW, open);
	assert_is_new(f->retries, 1, NOW, origin);
	other = open_slot(f->dir, 2);
	assert_is_again(other, 1, NOW, origin);
	pli_retries_close(other);
}

/* Where all places of a key are open there is none; lost ones give way, the
 * oldest first. */
static void
test_full(Fixture *f, gconstpointer data)
{
	const guint ways = PLI_RETRIES_MOST / 256;
	g_autofree guint *transactions = g_new(guint, ways);
	g_auto(GStrv) origins = g_new0(char *, ways + 1);
	g_autofree char *more = NULL;
	guint i;

	for (i = 0; i < ways; i++)
		transactions[i] = begin(f->retries, i, &origins[i]);
	g_assert_cmpuint(begin_at(f->retries, ways, NOW, &more), ==, 0);
	g_assert_null(more);
	for (i = 0; i < ways; i++)
		pli_retries_end(f->retries, transactions[i], FALSE, NOW + i);
	pli_retries_end(f->retries, begin(f->retries, ways, &more), FALSE,
			NOW + ways);
	assert_is_again(f->retries, ways, NOW, more);
	assert_is_again(f->retries, 1, NOW, origins[1]);
	assert_is_new(f->retries, 0, NOW, origins[0]);
}

/* Writes `octets` at `at`, or cuts the file there. */
static void
damage(Fixture *f, off_t at, const char *octets)
{
	g_autofree char *path = g_build_filename(f->dir, "retries", NULL);
	int fd = g_open(path, O_RDWR, 0);

	if (octets == NULL)
		g_assert_cmpint(ftruncate(fd, at), ==, 0);
	else
		g_assert_cmpint(pwrite(fd, octets, strlen(octets), at), ==,
				(gssize)strlen(octets));
	close(fd);
}

/* Another boot, another layout, half a file: nothing is known of before. */
static void
test_forgotten(Fixture *f, gconstpointer data)
{
	static const struct {
		off_t at;
		const char *octets;
	} rows[] = {{16, "another boot"}, {0, "pli-retries-9"}, {5000, NULL},
		    {0, NULL}};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *origin = lose(f, 1);
		g_autofree char *next = NULL;

		assert_is_again(f->retries, 1, NOW, origin);
		g_clear_pointer(&f->retries, pli_retries_close);
		damage(f, rows[i].at, rows[i].octets);
		f->retries = open_slot(f->dir, 1);
		assert_is_new(f->retries, 1, NOW, origin);
		next = lose(f, 1);
		reopen(f);
		assert_is_again(f->retries, 1, NOW, next);
		g_clear_pointer(&next, g_free);
		pli_retries_end(f->retries, begin(f->retries, 1, &next), TRUE,
				NOW);
	}
}

static void
test_no_space(void)
{
	g_autofree char *dir = fixture_make_dir();
	g_autoptr(GError) error = NULL;
	rlim_t before = fixture_limit_files(1000);

	g_assert_null(pli_retries_open(dir, 1, &error));
	fixture_limit_files(before);
	g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_NOSPC);
	pli_retries_close(open_slot(dir, 1));
	fixture_remove(dir);
}

#define CASE(name, function)                                                   \
	g_test_add("/store/retries/" name, Fixture, NULL, set_up, function,    \
		   tear_down)

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	CASE("lost", test_lost);
	CASE("answered", test_answered);
	CASE("not-told", test_not_told);
	CASE("two", test_two);
	CASE("hours", test_hours);
	CASE("killed", test_killed);
	CASE("slots", test_slots);
	CASE("full", test_full);
	CASE("forgotten", test_forgotten);
	g_test_add_func("/store/retries/no-space", test_no_space);
	return g_test_run();
}
