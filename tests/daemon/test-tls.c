/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/tls.h"

#include <glib/gstdio.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "daemon/tls-priv.h"

typedef struct {
	char *dir;
} Fixture;

static void
set_up(Fixture *f, gconstpointer data)
{
	f->dir = g_dir_make_tmp("pli-tls-XXXXXX", NULL);
	g_assert_nonnull(f->dir);
}

static void
tear_down(Fixture *f, gconstpointer data)
{
	g_autoptr(GDir) dir = g_dir_open(f->dir, 0, NULL);
	const char *name;

	while ((name = g_dir_read_name(dir)) != NULL) {
		g_autofree char *path = g_build_filename(f->dir, name, NULL);

		g_remove(path);
	}
	g_rmdir(f->dir);
	g_free(f->dir);
}

static char *
path_of(const Fixture *f, const char *name)
{
	return g_build_filename(f->dir, name, NULL);
}

/* NAME.pem and NAME.key for a host of that name. */
static PliTlsFiles
make_pair(const Fixture *f, const char *name)
{
	g_autofree char *certificate = g_strconcat(name, ".pem", NULL);
	g_autofree char *key = g_strconcat(name, ".key", NULL);
	PliTlsFiles files = {path_of(f, certificate), path_of(f, key)};
	g_autoptr(GError) error = NULL;

	g_assert_true(pli_tls_make_self_signed(&files, name, &error));
	g_assert_no_error(error);
	return files;
}

static void
free_pair(PliTlsFiles *files)
{
	g_free((char *)files->certificate);
	g_free((char *)files->key);
}

/* Shakes hands in memory; the certificate's host name that the client got. */
static char *
shake(PliTls *tls, const char *server_name, int max_version)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	SSL *client = SSL_new(context);
	SSL *server = pli_tls_make_ssl(tls, -1);
	BIO *here, *there;
	char name[256] = "";
	gboolean done = FALSE;

	g_assert_cmpint(BIO_new_bio_pair(&here, 0, &there, 0), ==, 1);
	SSL_set_bio(client, here, here);
	SSL_set_bio(server, there, there);
	SSL_set_connect_state(client);
	SSL_set_max_proto_version(client, max_version);
	if (server_name != NULL)
		SSL_set_tlsext_host_name(client, server_name);
	for (guint i = 0; i < 20 && !done; i++) {
		int c = SSL_do_handshake(client);
		int s = SSL_do_handshake(server);

		done = c == 1 && s == 1;
	}
	if (done)
		X509_NAME_get_text_by_NID(
			X509_get_subject_name(
				SSL_get0_peer_certificate(client)),
			NID_commonName, name, sizeof(name));
	SSL_free(client);
	SSL_free(server);
	SSL_CTX_free(context);
	g_free(pli_tls_dup_errors());
	return g_strdup(name);
}

static PliTls *
make_own(const Fixture *f, GError **error)
{
	g_autofree char *certificate = path_of(f, PLI_TLS_OWN_CERTIFICATE);
	g_autofree char *key = path_of(f, PLI_TLS_OWN_KEY);
	const PliTlsFiles files = {certificate, key};

	return pli_tls_prepare_self_signed(f->dir, "mx.example", error)
		       ? pli_tls_new(&files, 1, NULL, error)
		       : NULL;
}

static void
test_self_signed(Fixture *f, gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(PliTls) first = make_own(f, &error);
	g_autofree char *path = path_of(f, "certificate.pem");
	g_autofree char *key = path_of(f, "key.pem");
	g_autofree char *before = NULL;
	g_autofree char *after = NULL;
	g_autofree char *name = NULL;
	g_autoptr(PliTls) again = NULL;
	GStatBuf st;

	g_assert_no_error(error);
	g_assert_null(pli_tls_dup_warning(first));
	name = shake(first, NULL, TLS1_3_VERSION);
	g_assert_cmpstr(name, ==, "mx.example");
	g_assert_cmpint(g_stat(key, &st), ==, 0);
	g_assert_cmpint(st.st_mode & 0777, ==, 0600);
	/* a second start goes on with it */
	g_assert_true(g_file_get_contents(path, &before, NULL, NULL));
	again = make_own(f, &error);
	g_assert_no_error(error);
	g_assert_true(g_file_get_contents(path, &after, NULL, NULL));
	g_assert_cmpstr(before, ==, after);
}

static void
test_server_names(Fixture *f, gconstpointer data)
{
	static const struct {
		const char *asked, *got;
	} rows[] = {
		{"one.example", "one.example"}, {"two.example", "two.example"},
		{"TWO.example", "two.example"},
		{"three.example", "one.example"},
		{NULL, "one.example"},
	};
	PliTlsFiles files[] = {make_pair(f, "one.example"),
			       make_pair(f, "two.example")};
	g_autoptr(GError) error = NULL;
	g_autoptr(PliTls) tls = pli_tls_new(files, 2, NULL, &error);

	g_assert_no_error(error);
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *got =
			shake(tls, rows[i].asked, TLS1_3_VERSION);
		g_autofree char *older =
			shake(tls, rows[i].asked, TLS1_2_VERSION);

		g_assert_cmpstr(got, ==, rows[i].got);
		g_assert_cmpstr(older, ==, rows[i].got);
	}
	free_pair(&files[0]);
	free_pair(&files[1]);
}

static void
test_old_versions(Fixture *f, gconstpointer data)
{
	PliTlsFiles files = make_pair(f, "one.example");
	g_autoptr(PliTls) tls = pli_tls_new(&files, 1, NULL, NULL);
	g_autofree char *got = shake(tls, NULL, TLS1_1_VERSION);

	g_assert_cmpstr(got, ==, "");
	free_pair(&files);
}

/* Each says which file is wrong, and how. */
static void
test_faults(Fixture *f, gconstpointer data)
{
	PliTlsFiles one = make_pair(f, "one.example");
	PliTlsFiles two = make_pair(f, "two.example");
	g_autofree char *junk = path_of(f, "junk");
	g_autofree char *none = path_of(f, "none");
	const struct {
		PliTlsFiles files;
		const char *client_ca;
		PliTlsError code;
		const char *named, *said;
	} rows[] = {
		{{none, one.key}, NULL, PLI_TLS_ERROR_FILE, none, "No such"},
		{{junk, one.key}, NULL, PLI_TLS_ERROR_FILE, junk, "PEM"},
		{{one.key, one.key}, NULL, PLI_TLS_ERROR_FILE, one.key, "PEM"},
		{{one.certificate, none}, NULL, PLI_TLS_ERROR_FILE, none,
		 "No such"},
		{{one.certificate, one.certificate}, NULL, PLI_TLS_ERROR_FILE,
		 one.certificate, "private key"},
		{{one.certificate, two.key}, NULL, PLI_TLS_ERROR_MISMATCH,
		 two.key, "key"},
		{{one.certificate, one.key}, junk, PLI_TLS_ERROR_FILE, junk,
		 "authorities"},
	};

	g_assert_true(g_file_set_contents(junk, "junk\n", -1, NULL));
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;
		PliTls *tls = pli_tls_new(&rows[i].files, 1,
					  rows[i].client_ca, &error);

		g_assert_null(tls);
		g_test_message("%s", error->message);
		g_assert_error(error, PLI_TLS_ERROR, (int)rows[i].code);
		g_assert_true(g_str_has_prefix(error->message, rows[i].named));
		g_assert_nonnull(strstr(error->message, rows[i].said));
	}
	free_pair(&one);
	free_pair(&two);
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *path;
		void (*run)(Fixture *f, gconstpointer data);
	} tests[] = {
		{"/daemon/tls/self-signed", test_self_signed},
		{"/daemon/tls/server-names", test_server_names},
		{"/daemon/tls/old-versions", test_old_versions},
		{"/daemon/tls/faults", test_faults},
	};

	g_test_init(&argc, &argv, NULL);
	for (guint i = 0; i < G_N_ELEMENTS(tests); i++)
		g_test_add(tests[i].path, Fixture, NULL, set_up, tests[i].run,
			   tear_down);
	return g_test_run();
}
