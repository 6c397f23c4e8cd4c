/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/users.h"

#include <dlfcn.h>
#include <gsasl.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/wait.h>

#include "store/users-priv.h"
#include "tests/store/store-fixture.h"

/* Twenty and thirty-two octets of NUL. */
#define KEY_20 "AAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define KEY_32 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define SHA1 "scram-sha-1=1,c2FsdA==," KEY_20 "," KEY_20
#define SHA256 "scram-sha-256=1,c2FsdA==," KEY_32 "," KEY_32

typedef int SecretsFunc(Gsasl_hash, const char *, unsigned int, const char *,
			size_t, char *, char *, char *, char *);

/* What checks of passwords have cost: the iterations of PBKDF2. */
static guint n_iterations;

/* Stands before the library's own, which it calls. */
int
gsasl_scram_secrets_from_password(Gsasl_hash hash, const char *password,
				  unsigned int iteration_count,
				  const char *salt, size_t saltlen,
				  char *salted_password, char *client_key,
				  char *server_key, char *stored_key)
{
	SecretsFunc *next;

	*(void **)&next = dlsym(RTLD_NEXT, "gsasl_scram_secrets_from_password");
	g_assert_true(next != NULL);
	n_iterations += iteration_count;
	return next(hash, password, iteration_count, salt, saltlen,
		    salted_password, client_key, server_key, stored_key);
}

typedef struct {
	char *dir, *path;
} Fixture;

static void
set_up(Fixture *fixture, gconstpointer data)
{
	(void)data;
	fixture->dir = fixture_make_dir();
	fixture->path = g_build_filename(fixture->dir, "users", NULL);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
	(void)data;
	fixture_remove(fixture->dir);
	g_free(fixture->dir);
	g_free(fixture->path);
}

static PliUsers *
parse(const char *text)
{
	g_autoptr(GError) error = NULL;
	PliUsers *users =
		pli_users_parse(pli_slice_from_string(text), "FILE", &error);

	g_assert_no_error(error);
	return users;
}

/* The exchange of an RFC's example. */
typedef struct {
	PliUserHash hash;
	const char *salt, *nonce, *server_nonce, *proof, *signature;
} Example;

static const Example examples[] = {
	/* RFC 5802 5 */
	{PLI_USER_SHA1, "QSXCR+Q6sek8bf92", "fyko+d2lbbFgONRv9qkxdawL",
	 "fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j",
	 "v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=", "rmF9pqV8S7suAoZWja4dJRkFsKQ="},
	/* RFC 7677 3 */
	{PLI_USER_SHA256, "W22ZaJ0SNY7soEsUEjb6gQ==", "rOprNGfwEbeRWgbNEkqO",
	 "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
	 "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
	 "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="},
};

static const EVP_MD *
get_digest(PliUserHash hash)
{
	return hash == PLI_USER_SHA1 ? EVP_sha1() : EVP_sha256();
}

/* HMAC of `text` under a key in base64; the number of its octets. */
static gsize
sign(PliUserHash hash, const char *key, const char *text, guint8 *ret_octets)
{
	gsize key_len;
	guint len = 0;
	g_autofree guchar *octets = g_base64_decode(key, &key_len);

	g_assert_nonnull(HMAC(get_digest(hash), octets, (int)key_len,
			      (const guint8 *)text, strlen(text), ret_octets,
			      &len));
	return len;
}

/* RFC 5802 3 by another library: the keys of a password. */
static void
make_keys(PliUserHash hash, const char *password, const char *salt,
	  guint iterations, char **ret_stored, char **ret_server)
{
	gsize salt_len;
	g_autofree guchar *salt_octets = g_base64_decode(salt, &salt_len);
	gsize n = (gsize)EVP_MD_get_size(get_digest(hash));
	guint8 salted[EVP_MAX_MD_SIZE], key[EVP_MAX_MD_SIZE];
	guint8 stored[EVP_MAX_MD_SIZE];
	g_autofree char *base = NULL;

	g_assert_cmpint(PKCS5_PBKDF2_HMAC(password, -1, salt_octets,
					  (int)salt_len, (int)iterations,
					  get_digest(hash), (int)n, salted),
			==, 1);
	base = g_base64_encode(salted, n);
	sign(hash, base, "Client Key", key);
	g_assert_cmpint(EVP_Digest(key, n, stored, NULL, get_digest(hash),
				   NULL),
			==, 1);
	*ret_stored = g_base64_encode(stored, n);
	sign(hash, base, "Server Key", key);
	*ret_server = g_base64_encode(key, n);
}

/* What a server does with an account: it verifies the proof, and signs. */
static void
check_exchange(const PliUserScram *scram, const Example *example)
{
	g_autofree char *said = g_strdup_printf(
		"n=user,r=%s,r=%s,s=%s,i=%u,c=biws,r=%s", example->nonce,
		example->server_nonce, scram->salt, scram->iterations,
		example->server_nonce);
	guint8 octets[EVP_MAX_MD_SIZE], hashed[EVP_MAX_MD_SIZE];
	gsize n = sign(example->hash, scram->stored_key, said, octets), len;
	g_autofree guchar *proof = g_base64_decode(example->proof, &len);
	g_autofree char *stored = NULL;
	g_autofree char *signature = NULL;

	g_assert_cmpuint(len, ==, n);
	for (gsize i = 0; i < n; i++)
		proof[i] ^= octets[i];
	EVP_Digest(proof, n, hashed, NULL, get_digest(example->hash), NULL);
	stored = g_base64_encode(hashed, n);
	g_assert_cmpstr(stored, ==, scram->stored_key);
	sign(example->hash, scram->server_key, said, octets);
	signature = g_base64_encode(octets, n);
	g_assert_cmpstr(signature, ==, example->signature);
}

static void
test_examples(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(examples); i++) {
		const Example *example = &examples[i];
		g_autofree char *stored = NULL;
		g_autofree char *server = NULL;
		g_autofree char *line = NULL;
		g_autoptr(PliUsers) users = NULL;
		const PliUser *user;

		make_keys(example->hash, "pencil", example->salt, 4096,
			  &stored, &server);
		line = g_strdup_printf("user:%s=4096,%s,%s,%s",
				       pli_users_hash_names[example->hash],
				       example->salt, stored, server);
		users = parse(line);
		user = pli_users_find(users, "user");
		check_exchange(&user->scram[example->hash], example);
		g_assert_true(pli_user_check_password(user, "pencil"));
		g_assert_false(pli_user_check_password(user, "pencil "));
		g_assert_false(pli_user_check_password(user, "Pencil"));
		g_assert_false(pli_user_check_password(user, ""));
	}
}

/* New accounts have keys of their own salts, which the other library finds to
 * be the password's. */
static void
test_keys(void)
{
	g_autoptr(PliUser) user =
		pli_user_new("user", "pencil", 4097, 0, NULL);
	g_autoptr(PliUser) other =
		pli_user_new("user", "pencil", 4097, 0, NULL);

	g_assert_null(user->crypt);
	g_assert_null(user->secret);
	for (guint i = 0; i < PLI_USER_N_HASHES; i++) {
		g_autofree char *stored = NULL;
		g_autofree char *server = NULL;

		g_assert_cmpuint(user->scram[i].iterations, ==, 4097);
		g_assert_cmpuint(strlen(user->scram[i].salt), ==, 24);
		g_assert_cmpstr(user->scram[i].salt, !=, other->scram[i].salt);
		make_keys(i, "pencil", user->scram[i].salt, 4097, &stored,
			  &server);
		g_assert_cmpstr(stored, ==, user->scram[i].stored_key);
		g_assert_cmpstr(server, ==, user->scram[i].server_key);
	}
}

static void
test_crypt(void)
{
	g_autoptr(PliUser) user = pli_user_new(
		"user", "pencil", 4096,
		PLI_USERS_WITH_CRYPT | PLI_USERS_WITH_SECRET, NULL);

	g_assert_true(g_str_has_prefix(user->crypt, "$y$"));
	g_assert_cmpstr(user->secret, ==, "pencil");
	g_assert_null(user->scram[PLI_USER_SHA1].salt);
	g_assert_null(user->scram[PLI_USER_SHA256].salt);
	g_assert_true(pli_user_check_password(user, "pencil"));
	g_assert_false(pli_user_check_password(user, "pencils"));
}

/* A crypt that libcrypt does not know is nobody's. */
static void
test_crypt_unknown(void)
{
	g_autoptr(PliUsers) users = parse("user:crypt=$nonsense$");

	g_assert_false(pli_users_check_password(users, "user", ""));
	g_assert_false(pli_users_check_password(users, "user", "$nonsense$"));
}

static void
check_refused(const char *password, PliUsersFlags flags, const char *message)
{
	g_autoptr(GError) error = NULL;

	g_assert_null(
		pli_user_new("user", password, 1, flags, &error));
	g_assert_error(error, PLI_USERS_ERROR, PLI_USERS_ERROR_PASSWORD);
	g_assert_cmpstr(error->message, ==, message);
}

static void
check_same(const char *password, PliUsersFlags flags, const char *typed)
{
	g_autoptr(PliUser) user =
		pli_user_new("user", password, 1, flags, NULL);

	g_assert_nonnull(user);
	g_assert_true(pli_user_check_password(user, typed));
}

static void
test_passwords(void)
{
	static const char message[] =
		"a password has 1 to 1024 octets of UTF-8 without controls "
		"(RFC 4013)";
	g_autofree char *longest = g_strnfill(1024, 'x');
	g_autofree char *too_long = g_strnfill(1025, 'x');
	g_autofree char *for_crypt = g_strnfill(511, 'x');
	g_autofree char *too_long_for_crypt = g_strnfill(512, 'x');

	check_refused("", 0, message);
	check_refused("\xc2\xad", 0, message); /* nothing is left of it */
	check_refused("a\tb", 0, message);
	check_refused("a\x7f", 0, message);
	check_refused("\xff", 0, message);
	check_refused(too_long, 0, message);
	check_refused(too_long_for_crypt, PLI_USERS_WITH_CRYPT,
		      "a password has at most 511 octets when its crypt is "
		      "kept");
	check_same(longest, 0, longest);
	check_same("I\xc2\xadX", 0, "IX");
	check_same("a\xc2\xa0" "b", 0, "a b");
	check_same("e\xcc\x81", 0, "\xc3\xa9");
	check_same(for_crypt, PLI_USERS_WITH_CRYPT, for_crypt);
}

static void
test_fields(void)
{
	g_autoptr(PliUsers) users = parse("# comment\n"
					  "\n"
					  "b:" SHA1 ":" SHA256
					  ":crypt=$y$x:secret=c2VjcmV0\r\n"
					  "%2Ea%C3%A9:crypt=$1$x\n"
					  "a.b_c+d-9:" SHA256);
	const PliUser *user = pli_users_find(users, "b");

	g_assert_cmpuint(pli_users_get_n(users), ==, 3);
	g_assert_true(pli_users_get(users, 0) == user);
	g_assert_cmpuint(user->scram[PLI_USER_SHA1].iterations, ==, 1);
	g_assert_cmpstr(user->scram[PLI_USER_SHA1].salt, ==, "c2FsdA==");
	g_assert_cmpstr(user->scram[PLI_USER_SHA1].stored_key, ==, KEY_20);
	g_assert_cmpstr(user->scram[PLI_USER_SHA256].server_key, ==, KEY_32);
	g_assert_cmpstr(user->crypt, ==, "$y$x");
	g_assert_cmpstr(user->secret, ==, "secret");
	g_assert_cmpstr(pli_users_get(users, 1)->name, ==, "%2Ea%C3%A9");
	g_assert_cmpstr(pli_users_get(users, 2)->name, ==, "a.b_c+d-9");
	g_assert_null(pli_users_find(users, "c"));
	g_assert_false(pli_users_is_stale(users));
}

#define NAME "the name of an account was expected, of a-z, 0-9, . _ + - and " \
	     "%XX; "
#define KEYS_256 "both keys of scram-sha-256 were expected in base64, as " \
		 "long as the hash, 32 octets; "
#define SALT_256 "the salt of scram-sha-256 was expected in base64, 1 to " \
		 "256 octets; "

static const struct {
	const char *text, *message;
} faults[] = {
	{"alice",
	 "FILE:1: keys of SCRAM, a crypt or pam were expected; alice has none "
	 "of them"},
	{"# one\n\nalice:secret=YQ==",
	 "FILE:3: keys of SCRAM, a crypt or pam were expected; alice has none "
	 "of them"},
	{"alice:pam:crypt=$y$x",
	 "FILE:1: pam was expected to stand alone; another field came"},
	{"alice:secret=YQ==:pam",
	 "FILE:1: pam was expected to stand alone; another field came"},
	{"alice:pam:pam",
	 "FILE:1: pam was expected to stand alone; another field came"},
	{":" SHA1, "FILE:1: " NAME "'' came"},
	{"Alice:" SHA1, "FILE:1: " NAME "'Alice' came"},
	{" alice:" SHA1, "FILE:1: " NAME "' alice' came"},
	{".alice:" SHA1, "FILE:1: " NAME "'.alice' came"},
	{"../alice:" SHA1, "FILE:1: " NAME "'../alice' came"},
	{"al%69ce:" SHA1, "FILE:1: " NAME "'al%69ce' came"},
	{"al%c3%a9:" SHA1, "FILE:1: " NAME "'al%c3%a9' came"},
	{"al%41:" SHA1, "FILE:1: " NAME "'al%41' came"},
	{"al%2E:" SHA1, "FILE:1: " NAME "'al%2E' came"},
	{"al%00:" SHA1, "FILE:1: " NAME "'al%00' came"},
	{"al%:" SHA1, "FILE:1: " NAME "'al%' came"},
	{"\xc3\xa9\x1b:" SHA1, "FILE:1: " NAME "'\\303\\251\\033' came"},
	{"UPPERCASEUPPERCASEUPPERCASEUPPERCASEUPPERCASE:" SHA1,
	 "FILE:1: " NAME "'UPPERCASEUPPERCASEUPPERCASEUPPERCASEUPPE...' came"},
	{"alice:" SHA1 "\nbob:" SHA1 "\nalice:" SHA1,
	 "FILE:3: there is an account alice already"},
	{"alice:hunter2", "FILE:1: each field was expected to be KEY=VALUE; 7 "
			  "octets without = came"},
	{"alice:" SHA1 ":", "FILE:1: each field was expected to be KEY=VALUE; "
			    "0 octets without = came"},
	{"alice:md5=x", "FILE:1: 'md5' is none of scram-sha-256, scram-sha-1, "
			"crypt and secret, which were expected"},
	{"alice:" SHA1 ":" SHA1, "FILE:1: scram-sha-1 is there twice"},
	{"alice:crypt=$y$a:crypt=$y$a", "FILE:1: crypt is there twice"},
	{"alice:" SHA1 ":secret=YQ==:secret=YQ==",
	 "FILE:1: secret is there twice"},
	{"alice:scram-sha-256=1,2,3",
	 "FILE:1: iterations, salt, stored key and server key of "
	 "scram-sha-256 were expected, with commas between them; 3 came"},
	{"alice:" SHA256 ",",
	 "FILE:1: iterations, salt, stored key and server key of "
	 "scram-sha-256 were expected, with commas between them; 5 came"},
	{"alice:scram-sha-256=0,c2FsdA==," KEY_32 "," KEY_32,
	 "FILE:1: 1 to 1000000 iterations were expected; '0' came"},
	{"alice:scram-sha-256=1000001,c2FsdA==," KEY_32 "," KEY_32,
	 "FILE:1: 1 to 1000000 iterations were expected; '1000001' came"},
	{"alice:scram-sha-256=+1,c2FsdA==," KEY_32 "," KEY_32,
	 "FILE:1: 1 to 1000000 iterations were expected; '+1' came"},
	{"alice:scram-sha-256=1,c2FsdA," KEY_32 "," KEY_32,
	 "FILE:1: " SALT_256 "no base64 came"},
	{"alice:scram-sha-256=1,c2FsdB==," KEY_32 "," KEY_32,
	 "FILE:1: " SALT_256 "no base64 came"},
	{"alice:scram-sha-256=1,," KEY_32 "," KEY_32,
	 "FILE:1: " SALT_256 "0 came"},
	{"alice:scram-sha-256=1,c2FsdA==," KEY_20 "," KEY_32,
	 "FILE:1: " KEYS_256 "20 came"},
	{"alice:scram-sha-256=1,c2FsdA==," KEY_32 ",!",
	 "FILE:1: " KEYS_256 "no base64 came"},
	{"alice:crypt=plain", "FILE:1: crypt was expected to begin with $, as "
			      "a hash of crypt(5)"},
	{"alice:crypt=$y$a:secret=hunter2",
	 "FILE:1: the secret was expected in base64, 1 to 1024 octets; no "
	 "base64 came"},
	{"alice:crypt=$y$a:secret=",
	 "FILE:1: the secret was expected in base64, 1 to 1024 octets; 0 came"},
	{"alice:crypt=$y$a:secret=AGE=",
	 "FILE:1: the secret was expected without NUL"},
};

static void
check_fault(PliSlice text, const char *message)
{
	g_autoptr(GError) error = NULL;

	g_assert_null(pli_users_parse(text, "FILE", &error));
	g_assert_error(error, PLI_USERS_ERROR, PLI_USERS_ERROR_SYNTAX);
	g_assert_cmpstr(error->message, ==, message);
}

static void
test_faults(void)
{
	static const char nul[] = "alice:" SHA1 "\0hidden\n";
	g_autoptr(GString) line = g_string_new("alice:crypt=$");

	for (guint i = 0; i < G_N_ELEMENTS(faults); i++)
		check_fault(pli_slice_from_string(faults[i].text),
			    faults[i].message);
	check_fault(pli_slice_new(nul, sizeof(nul) - 1),
		    "FILE:1: a line without NUL was expected");
	while (line->len < 8192)
		g_string_append_c(line, 'a');
	pli_users_unref(parse(line->str));
	g_string_append_c(line, 'a');
	check_fault(pli_slice_from_string(line->str),
		    "FILE:1: a line of at most 8192 octets was expected; 8193 "
		    "came");
}

static void
test_names(void)
{
	g_autofree char *longest = g_strnfill(PLI_USERS_NAME_MAX, 'n');
	g_autofree char *too_long = g_strnfill(PLI_USERS_NAME_MAX + 1, 'n');

	g_assert_true(pli_users_is_name("a"));
	g_assert_true(pli_users_is_name("a.b_c+d-9"));
	g_assert_true(pli_users_is_name("%2Ea"));
	g_assert_true(pli_users_is_name("o%27brien%40x%2F"));
	g_assert_true(pli_users_is_name(longest));
	g_assert_false(pli_users_is_name(too_long));
	g_assert_false(pli_users_is_name("%2"));
	g_assert_false(pli_users_is_name("%2e"));
	g_assert_false(pli_users_is_name("a b"));
}

/* What a check of the name costs. */
static guint
count_iterations(const PliUsers *users, const char *name)
{
	n_iterations = 0;
	g_assert_false(pli_users_check_password(users, name, "wrong"));
	return n_iterations;
}

static void
test_cost_alike(void)
{
	g_autoptr(PliUser) alice =
		pli_user_new("alice", "pencil", 5000, 0, NULL);
	g_autofree char *line = pli_users_format_user(alice);
	g_autoptr(PliUsers) users = parse(line);

	g_assert_cmpuint(count_iterations(users, "alice"), ==, 5000);
	g_assert_cmpuint(count_iterations(users, "bob"), ==, 5000);
	g_assert_cmpuint(count_iterations(users, NULL), ==, 5000);
	g_assert_cmpuint(pli_users_get_iterations(users, "bob",
						  PLI_USER_SHA1),
			 ==, 5000);
	/* nobody gets in by another one's password */
	g_assert_true(pli_users_check_password(users, "alice", "pencil"));
	g_assert_false(pli_users_check_password(users, "bob", "pencil"));
	g_assert_false(pli_users_check_password(users, NULL, "pencil"));
	/* nor does a password that cannot be one cost less */
	n_iterations = 0;
	g_assert_false(pli_users_check_password(users, "alice", "\xff"));
	g_assert_false(pli_users_check_password(users, "bob", ""));
	g_assert_cmpuint(n_iterations, ==, 10000);
}

/* Accounts that differ: unknown names differ alike, and each stays as it is. */
static void
test_cost_mixed(void)
{
	g_autoptr(PliUsers) users =
		parse("a:scram-sha-256=7,c2FsdA==," KEY_32 "," KEY_32 "\n"
		      "b:scram-sha-1=11,c2FsdA==," KEY_20 "," KEY_20 "\n"
		      "c:crypt=$y$x\n");
	guint seen[12] = {0};

	for (guint i = 0; i < 300; i++) {
		g_autofree char *name = g_strdup_printf("unknown%u", i);
		guint cost = count_iterations(users, name);

		g_assert_cmpuint(cost, <=, 11);
		g_assert_cmpuint(cost, ==, count_iterations(users, name));
		seen[cost]++;
	}
	g_assert_cmpuint(seen[0] + seen[7] + seen[11], ==, 300);
	g_assert_cmpuint(MIN(MIN(seen[0], seen[7]), seen[11]), >, 50);
	g_assert_cmpuint(pli_users_get_iterations(users, "a", PLI_USER_SHA256),
			 ==, 7);
}

static void
test_cost_empty(void)
{
	g_autoptr(PliUsers) users = parse("");

	g_assert_cmpuint(count_iterations(users, "bob"), ==,
			 PLI_USERS_ITERATIONS);
	g_assert_cmpuint(pli_users_get_iterations(users, "bob",
						  PLI_USER_SHA1),
			 ==, PLI_USERS_ITERATIONS);
	n_iterations = 0;
	g_assert_false(pli_user_check_password(NULL, "x"));
	g_assert_cmpuint(n_iterations, ==, PLI_USERS_ITERATIONS);
}

/* Nothing here lets an account of PAM in, and it costs what others cost. */
static void
test_pam(void)
{
	g_autoptr(PliUser) user =
		pli_user_new("alice", NULL, 1, PLI_USERS_WITH_PAM, NULL);
	g_autofree char *line = pli_users_format_user(user);
	g_autoptr(PliUsers) users = parse(line);

	g_assert_cmpstr(line, ==, "alice:pam\n");
	g_assert_true(pli_users_find(users, "alice")->pam);
	g_assert_true(pli_users_find_stand_in(users, "bob")->pam);
	g_assert_cmpuint(count_iterations(users, "alice"), ==,
			 PLI_USERS_ITERATIONS);
	g_assert_cmpuint(count_iterations(users, "bob"), ==,
			 PLI_USERS_ITERATIONS);
	g_assert_false(pli_users_check_password(users, "alice", ""));
	g_assert_cmpuint(pli_users_get_iterations(users, "alice",
						  PLI_USER_SHA1),
			 ==, PLI_USERS_ITERATIONS);
}

static PliUsers *
load(const Fixture *fixture)
{
	g_autoptr(GError) error = NULL;
	PliUsers *users = pli_users_load(fixture->path, &error);

	g_assert_no_error(error);
	return users;
}

static void
write_file(const Fixture *fixture, const char *text)
{
	g_assert_true(g_file_set_contents(fixture->path, text, -1, NULL));
}

static void
check_file(const Fixture *fixture, const char *text)
{
	g_autofree char *got = NULL;

	g_assert_true(g_file_get_contents(fixture->path, &got, NULL, NULL));
	g_assert_cmpstr(got, ==, text);
}

static void
set(const Fixture *fixture, const char *name, const char *password,
    PliUsersFlags flags)
{
	g_autoptr(GError) error = NULL;

	g_assert_true(pli_users_set(fixture->path, name, password, 1, flags,
				    &error));
	g_assert_no_error(error);
}

static void
test_edits(Fixture *fixture, gconstpointer data)
{
	static const char before[] = "# first\n\nalice:" SHA1
				     "\n# alice:crypt=$y$\nbob:" SHA256;
	g_autoptr(PliUsers) users = NULL;
	g_autofree char *text = NULL;

	(void)data;
	write_file(fixture, before);
	set(fixture, "carol", "pencil", PLI_USERS_ADD);
	g_assert_true(g_file_get_contents(fixture->path, &text, NULL, NULL));
	g_assert_true(g_str_has_prefix(text, before));
	set(fixture, "alice", "paper", PLI_USERS_WITH_SECRET);
	users = load(fixture);
	g_assert_cmpuint(pli_users_get_n(users), ==, 3);
	g_assert_cmpstr(pli_users_get(users, 0)->name, ==, "alice");
	g_assert_cmpstr(pli_users_get(users, 0)->secret, ==, "paper");
	g_assert_true(pli_users_check_password(users, "alice", "paper"));
	g_assert_true(pli_users_check_password(users, "carol", "pencil"));
	g_assert_true(pli_users_remove(fixture->path, "alice", NULL));
	g_assert_true(pli_users_remove(fixture->path, "carol", NULL));
	check_file(fixture, "# first\n\n# alice:crypt=$y$\nbob:" SHA256 "\n");
}

static void
check_edit(const Fixture *fixture, const char *name, guint iterations,
	   gboolean add, PliUsersError code, const char *text)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *message = g_strconcat(fixture->path, text, NULL);

	g_assert_false(pli_users_set(fixture->path, name, "pencil", iterations,
				     add ? PLI_USERS_ADD : 0, &error));
	g_assert_error(error, PLI_USERS_ERROR, (int)code);
	g_assert_cmpstr(error->message, ==, message);
}

static void
test_edit_errors(Fixture *fixture, gconstpointer data)
{
	static const char good[] = "alice:" SHA1 "\n", bad[] = "# c\nalice\n";
	g_autoptr(GError) error = NULL;

	(void)data;
	check_edit(fixture, "alice", 1, FALSE, PLI_USERS_ERROR_NO_FILE,
		   ": No such file or directory: add makes the file");
	g_assert_cmpuint(fixture_count_files(fixture->dir), ==, 0);
	write_file(fixture, good);
	check_edit(fixture, "alice", 1, TRUE, PLI_USERS_ERROR_EXISTS,
		   " has an account alice already: passwd gives it another "
		   "password");
	check_edit(fixture, "bob", 1, FALSE, PLI_USERS_ERROR_NO_USER,
		   " has no account bob: add makes one, list names those that "
		   "there are");
	check_edit(fixture, "bob", 1000001, TRUE, PLI_USERS_ERROR_SYNTAX,
		   ":2: 1 to 1000000 iterations were expected; '1000001' "
		   "came");
	g_assert_false(pli_users_remove(fixture->path, "Bob", &error));
	g_assert_error(error, PLI_USERS_ERROR, PLI_USERS_ERROR_NAME);
	check_file(fixture, good);
	write_file(fixture, bad);
	check_edit(fixture, "bob", 1, TRUE, PLI_USERS_ERROR_SYNTAX,
		   ":2: keys of SCRAM, a crypt or pam were expected; alice "
		   "has none of them");
	check_file(fixture, bad);
}

static void
test_load(Fixture *fixture, gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(PliUsers) users = NULL;
	PliUsers *held;

	(void)data;
	g_assert_null(pli_users_load(fixture->path, &error));
	g_assert_error(error, PLI_USERS_ERROR, PLI_USERS_ERROR_FILE);
	write_file(fixture, "alice:" SHA1 "\n");
	users = load(fixture);
	g_assert_false(pli_users_is_stale(users));
	/* what is held does not change, only becomes old */
	held = pli_users_ref(users);
	set(fixture, "bob", "pencil", PLI_USERS_ADD);
	g_assert_true(pli_users_is_stale(held));
	g_assert_null(pli_users_find(held, "bob"));
	pli_users_unref(held);
	g_clear_pointer(&users, pli_users_unref);
	users = load(fixture);
	g_assert_false(pli_users_is_stale(users));
	g_unlink(fixture->path);
	g_assert_true(pli_users_is_stale(users));
}

#define N_PROCESSES 4
#define N_ACCOUNTS 25

/* Adds accounts, and takes every fifth away; leaves. */
static void
edit_many(const Fixture *fixture, guint process)
{
	for (guint i = 0; i < N_ACCOUNTS; i++) {
		g_autofree char *name = g_strdup_printf("u%u-%u", process, i);

		if (!pli_users_set(fixture->path, name, name, 1, PLI_USERS_ADD,
				   NULL))
			_exit(1);
		if (i % 5 == 0 && !pli_users_remove(fixture->path, name, NULL))
			_exit(2);
	}
	_exit(0);
}

static void
test_together(Fixture *fixture, gconstpointer data)
{
	g_autoptr(PliUsers) users = NULL;

	(void)data;
	write_file(fixture, "# kept\n");
	for (guint i = 0; i < N_PROCESSES; i++)
		if (fork() == 0)
			edit_many(fixture, i);
	for (guint i = 0; i < N_PROCESSES; i++) {
		int status;

		g_assert_cmpint(wait(&status), >, 0);
		g_assert_cmpint(status, ==, 0);
	}
	users = load(fixture);
	g_assert_cmpuint(pli_users_get_n(users), ==, N_PROCESSES * 20);
	for (guint i = 0; i < N_PROCESSES * N_ACCOUNTS; i++) {
		g_autofree char *name = g_strdup_printf(
			"u%u-%u", i / N_ACCOUNTS, i % N_ACCOUNTS);

		g_assert_true(pli_users_check_password(users, name, name) ==
			      (i % N_ACCOUNTS % 5 != 0));
	}
}

#define ADD(name, func) \
	g_test_add("/store/users/" name, Fixture, NULL, set_up, func, \
		   tear_down)

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/store/users/examples", test_examples);
	g_test_add_func("/store/users/keys", test_keys);
	g_test_add_func("/store/users/crypt", test_crypt);
	g_test_add_func("/store/users/crypt-unknown", test_crypt_unknown);
	g_test_add_func("/store/users/passwords", test_passwords);
	g_test_add_func("/store/users/fields", test_fields);
	g_test_add_func("/store/users/faults", test_faults);
	g_test_add_func("/store/users/names", test_names);
	g_test_add_func("/store/users/cost-alike", test_cost_alike);
	g_test_add_func("/store/users/cost-mixed", test_cost_mixed);
	g_test_add_func("/store/users/cost-empty", test_cost_empty);
	g_test_add_func("/store/users/pam", test_pam);
	ADD("edits", test_edits);
	ADD("edit-errors", test_edit_errors);
	ADD("load", test_load);
	ADD("together", test_together);
	return g_test_run();
}
