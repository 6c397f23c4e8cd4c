/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* TLS under the pump: the handshake, and reading and writing through it. */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "daemon/conn-priv.h"

#define EXPORTER_LABEL "EXPORTER-Channel-Binding" /* RFC 9266 4.2 */
#define EXPORTER_OCTETS 32
#define FINISHED_MAX 64

gboolean
pli_conn_tls_begin(PliConn *conn)
{
	PliTls *tls = conn->loop->tls;

	/* what came ahead of the handshake was never protected */
	pli_buf_clear(&conn->in);
	conn->in_used = 0;
	conn->wants_tls = FALSE;
	conn->ssl = tls != NULL ? pli_tls_make_ssl(tls, conn->fd) : NULL;
	if (conn->ssl == NULL)
		return FALSE;
	conn->tls = pli_tls_ref(tls);
	conn->shaking = TRUE;
	return TRUE;
}

void
pli_conn_tls_clear(PliConn *conn)
{
	SSL_free(conn->ssl);
	conn->ssl = NULL;
	g_clear_pointer(&conn->tls, pli_tls_unref);
	g_clear_pointer(&conn->client_name, g_free);
}

PliConnShake
pli_conn_tls_shake(PliConn *conn)
{
	int result;

	ERR_clear_error();
	result = SSL_accept(conn->ssl);
	if (result == 1) {
		conn->shaking = FALSE;
		return PLI_CONN_SHAKE_DONE;
	}
	switch (SSL_get_error(conn->ssl, result)) {
	case SSL_ERROR_WANT_READ: return PLI_CONN_SHAKE_READ;
	case SSL_ERROR_WANT_WRITE: return PLI_CONN_SHAKE_WRITE;
	default: break;
	}
	conn->stats.tls_error = pli_tls_dup_errors();
	if (*conn->stats.tls_error == '\0') {
		g_free(conn->stats.tls_error);
		conn->stats.tls_error = g_strdup("the client closed");
	}
	return PLI_CONN_SHAKE_FAIL;
}

/* An address in the certificate, else a host name, else its common name. */
static char *
dup_client_name(X509 *certificate)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(
		certificate, NID_subject_alt_name, NULL, NULL);
	char common[256];
	char *name = NULL;
	int types[] = {GEN_EMAIL, GEN_DNS};

	for (guint t = 0; t < G_N_ELEMENTS(types) && name == NULL; t++) {
		for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
			GENERAL_NAME *each = sk_GENERAL_NAME_value(names, i);

			if (each->type != types[t])
				continue;
			name = g_strndup((const char *)ASN1_STRING_get0_data(
						 each->d.ia5),
					 (gsize)ASN1_STRING_length(
						 each->d.ia5));
			break;
		}
	}
	GENERAL_NAMES_free(names);
	if (name == NULL &&
	    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate),
				      NID_commonName, common,
				      sizeof(common)) > 0)
		name = g_strdup(common);
	return name;
}

PliSessionTls
pli_conn_tls_describe(PliConn *conn)
{
	X509 *certificate = SSL_get0_peer_certificate(conn->ssl);

	if (certificate != NULL &&
	    SSL_get_verify_result(conn->ssl) == X509_V_OK &&
	    conn->client_name == NULL)
		conn->client_name = dup_client_name(certificate);
	conn->stats.tls_version = SSL_get_version(conn->ssl);
	conn->stats.tls_cipher = SSL_get_cipher_name(conn->ssl);
	return (PliSessionTls){conn->stats.tls_version,
			       conn->stats.tls_cipher, conn->client_name};
}

/* The result of a read or write as recv(2) and send(2) have it. */
static gssize
translate(PliConn *conn, int result)
{
	if (result > 0)
		return result;
	switch (SSL_get_error(conn->ssl, result)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE: errno = EAGAIN; return -1;
	case SSL_ERROR_ZERO_RETURN: return 0;
	default: errno = ECONNRESET; return -1;
	}
}

gssize
pli_conn_tls_recv(PliConn *conn, guint8 *octets, gsize n)
{
	ERR_clear_error();
	return translate(conn, SSL_read(conn->ssl, octets, (int)n));
}

gboolean
pli_conn_tls_has_more(const PliConn *conn)
{
	return SSL_has_pending(conn->ssl) == 1;
}

static gssize
send_slice(PliConn *conn, PliSlice octets)
{
	gssize n;

	ERR_clear_error();
	n = translate(conn, SSL_write(conn->ssl, octets.data,
				      (int)MIN(octets.len, G_MAXINT)));
	if (n != 0)
		return n;
	errno = EPIPE; /* the peer has said that it goes */
	return -1;
}

gssize
pli_conn_tls_send(PliConn *conn, PliSlice first, PliSlice second)
{
	gsize sent = 0;
	gssize n = 1;

	while (sent < first.len && n > 0) {
		n = send_slice(conn, pli_slice_skip(first, sent));
		sent += n > 0 ? (gsize)n : 0;
	}
	while (n > 0 && sent < first.len + second.len) {
		n = send_slice(conn,
			       pli_slice_skip(second, sent - first.len));
		sent += n > 0 ? (gsize)n : 0;
	}
	return sent > 0 ? (gssize)sent : n;
}

void
pli_conn_tls_say_bye(PliConn *conn)
{
	ERR_clear_error();
	SSL_shutdown(conn->ssl);
}

const char *
pli_conn_get_client_name(const PliConn *conn)
{
	return conn->client_name;
}

/* RFC 5929 3: the first Finished message of the last handshake. */
static GBytes *
get_unique(SSL *ssl)
{
	guint8 octets[FINISHED_MAX];
	gsize n = SSL_session_reused(ssl)
			  ? SSL_get_finished(ssl, octets, sizeof(octets))
			  : SSL_get_peer_finished(ssl, octets, sizeof(octets));

	return n > 0 ? g_bytes_new(octets, MIN(n, sizeof(octets))) : NULL;
}

GBytes *
pli_conn_get_channel_binding(const PliConn *conn, PliConnBinding binding)
{
	guint8 octets[EXPORTER_OCTETS];
	SSL *ssl = conn->ssl;

	if (ssl == NULL || conn->shaking)
		return NULL;
	if (binding == PLI_CONN_BINDING_UNIQUE)
		return SSL_version(ssl) < TLS1_3_VERSION ? get_unique(ssl)
							 : NULL;
	/* RFC 9266 3: in TLS 1.2 only with an extended master secret */
	if ((SSL_version(ssl) < TLS1_3_VERSION &&
	     SSL_get_extms_support(ssl) != 1) ||
	    SSL_export_keying_material(ssl, octets, sizeof(octets),
				       EXPORTER_LABEL,
				       strlen(EXPORTER_LABEL), (guint8 *)"", 0,
				       1) != 1)
		return NULL;
	return g_bytes_new(octets, sizeof(octets));
}
