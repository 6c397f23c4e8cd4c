/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/greylist.h"


#include "tests/store/store-fixture.h"

#define START 1000000
#define HOUR 3600
#define DAY (24 * HOUR)

static const PliGreylistRules rules = {
	.delay = 300,
	.window = 2 * DAY,
	.lifetime = 35 * DAY,
	.passes = 3,
	.rows = 1000,
};

typedef struct {
	char *dir, *path;
	PliGreylist *greylist;
} Fixture;

static void
set_up(Fixture *f, gconstpointer data)
{
	g_autoptr(GError) error = NULL;

	f->dir = g_dir_make_tmp("pli-greylist-XXXXXX", NULL);
	f->path = g_build_filename(f->dir, "greylist.db", NULL);
	f->greylist = pli_greylist_open(f->path, &error);
	g_assert_no_error(error);
}

static void
tear_down(Fixture *f, gconstpointer data)
{
	pli_greylist_close(f->greylist);
	fixture_remove(f->dir);
	g_free(f->path);
	g_free(f->dir);
}

static guint
check_by(PliGreylist *greylist, const PliGreylistRules *by,
	 const char *network, const char *sender, const char *recipient,
	 gint64 now)
{
	const PliGreylistTriplet triplet = {network, sender, recipient};
	g_autoptr(GError) error = NULL;
	guint wait = 12345;

	pli_greylist_check(greylist, &triplet, by, now, &wait, &error);
	g_assert_no_error(error);
	return wait;
}

static guint
check(Fixture *f, const char *sender, gint64 now)
{
	return check_by(f->greylist, &rules, "192.0.2.0", sender, "b@pli.test",
			now);
}

static guint64
count(Fixture *f)
{
	g_autoptr(GError) error = NULL;
	guint64 n = 0;

	pli_greylist_count(f->greylist, &n, &error);
	g_assert_no_error(error);
	return n;
}

/* Too early, in time, at once. */
static void
test_delay(Fixture *f, gconstpointer data)
{
	g_assert_cmpuint(check(f, "a@x.test", START), ==, 300);
	g_assert_cmpuint(check(f, "a@x.test", START + 100), ==, 200);
	g_assert_cmpuint(check(f, "a@x.test", START + 299), ==, 1);
	g_assert_cmpuint(check(f, "A@X.test", START + 300), ==, 0);
	g_assert_cmpuint(check(f, "a@x.test", START + 301), ==, 0);
	g_assert_cmpuint(check(f, "a@x.test", START + 30 * DAY), ==, 0);
	/* each use renews it */
	g_assert_cmpuint(check(f, "a@x.test", START + 60 * DAY), ==, 0);
	g_assert_cmpuint(check(f, "a@x.test", START + 96 * DAY), ==, 300);
	g_assert_cmpuint(count(f), ==, 1);
}

/* Neither part stands for another, and an empty sender is one. */
static void
test_triplets(Fixture *f, gconstpointer data)
{
	static const char *const triplets[][3] = {
		{"192.0.2.0", "a@x.test", "b@pli.test"},
		{"192.0.3.0", "a@x.test", "b@pli.test"},
		{"192.0.2.0", "", "b@pli.test"},
		{"192.0.2.0", "a@x.test", "c@pli.test"},
		{"192.0.2.0a", "@x.test", "b@pli.test"},
		{"192.0.2.0", "a@x.testb", "@pli.test"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(triplets); i++)
		g_assert_cmpuint(check_by(f->greylist, &rules, triplets[i][0],
					  triplets[i][1], triplets[i][2],
					  START + 400),
				 ==, 300);
	g_assert_cmpuint(count(f), ==, G_N_ELEMENTS(triplets));
}

static void
test_window(Fixture *f, gconstpointer data)
{
	g_assert_cmpuint(check(f, "a@x.test", START), ==, 300);
	g_assert_cmpuint(check(f, "a@x.test", START + 3 * DAY), ==, 300);
	g_assert_cmpuint(check(f, "a@x.test", START + 3 * DAY + 300), ==, 0);
}

/* A clock that was set back: the way begins anew, and is no longer. */
static void
test_clock(Fixture *f, gconstpointer data)
{
	g_assert_cmpuint(check(f, "a@x.test", START + DAY), ==, 300);
	g_assert_cmpuint(check(f, "a@x.test", START), ==, 300);
	g_assert_cmpuint(check(f, "a@x.test", START + 300), ==, 0);
}

/* A network that passed with three triplets passes with all, until it is not
 * seen for its lifetime. */
static void
test_known_client(Fixture *f, gconstpointer data)
{
	const char *senders[] = {"a@x.test", "b@x.test", "c@x.test"};

	for (gsize i = 0; i < 3; i++)
		g_assert_cmpuint(check(f, senders[i], START), ==, 300);
	for (gsize i = 0; i < 3; i++) {
		g_assert_cmpuint(check(f, "new@x.test", START + 100), >, 0);
		g_assert_cmpuint(check(f, senders[i], START + 300), ==, 0);
		/* the same one does not count twice */
		g_assert_cmpuint(check(f, senders[0], START + 300), ==, 0);
	}
	g_assert_cmpuint(check(f, "another@x.test", START + 301), ==, 0);
	g_assert_cmpuint(check_by(f->greylist, &rules, "198.51.100.0", "d@x",
				  "b@pli.test", START + 301),
			 ==, 300);
	g_assert_cmpuint(check(f, "more@x.test", START + 30 * DAY), ==, 0);
	g_assert_cmpuint(check(f, "yet@x.test", START + 60 * DAY), ==, 0);
	g_assert_cmpuint(check(f, "late@x.test", START + 99 * DAY), ==, 300);
}

/* However many come: the rows are bounded, and who has passed stays longest. */
static void
test_bounded(Fixture *f, gconstpointer data)
{
	g_assert_cmpuint(check(f, "good@x.test", START), ==, 300);
	g_assert_cmpuint(check(f, "good@x.test", START + 300), ==, 0);
	for (guint i = 0; i < 5000; i++) {
		g_autofree char *sender = g_strdup_printf("%u@x.test", i);

		check(f, sender, START + 301 + i / 100);
		g_assert_cmpuint(count(f), <=, rules.rows + 101);
	}
	g_assert_cmpuint(check(f, "good@x.test", START + 400), ==, 0);
	g_assert_cmpuint(check(f, "4999@x.test", START + 700), ==, 0);
	g_assert_cmpuint(check(f, "0@x.test", START + 700), ==, 300);
	pli_greylist_prune(f->greylist, &rules, START + 3 * DAY, NULL);
	g_assert_cmpuint(count(f), ==, 2);
	pli_greylist_prune(f->greylist, &rules, START + 99 * DAY, NULL);
	g_assert_cmpuint(count(f), ==, 0);
}

/* Another opener sees what this one wrote, and what was kept is there again. */
static void
test_shared(Fixture *f, gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(PliGreylist) other = pli_greylist_open(f->path, &error);

	g_assert_no_error(error);
	g_assert_cmpuint(check(f, "a@x.test", START), ==, 300);
	g_assert_cmpuint(check_by(other, &rules, "192.0.2.0", "a@x.test",
				  "b@pli.test", START + 300),
			 ==, 0);
	g_assert_cmpuint(check(f, "a@x.test", START + 301), ==, 0);
	g_clear_pointer(&f->greylist, pli_greylist_close);
	f->greylist = pli_greylist_open(f->path, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(check(f, "a@x.test", START + 302), ==, 0);
}

static void
test_damaged(Fixture *f, gconstpointer data)
{
	g_autofree char *path = g_build_filename(f->dir, "other.db", NULL);
	g_autofree char *junk = g_strnfill(8192, 'x');
	g_autoptr(GError) error = NULL;

	g_file_set_contents(path, junk, 8192, NULL);
	g_assert_null(pli_greylist_open(path, &error));
	g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(name, func)                                                        \
	g_test_add("/store/greylist/" name, Fixture, NULL, set_up, func,       \
		   tear_down)
	ADD("delay", test_delay);
	ADD("triplets", test_triplets);
	ADD("window", test_window);
	ADD("clock", test_clock);
	ADD("known-client", test_known_client);
	ADD("bounded", test_bounded);
	ADD("shared", test_shared);
	ADD("damaged", test_damaged);
	return g_test_run();
}
