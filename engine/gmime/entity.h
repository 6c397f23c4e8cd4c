/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * MIME entities being written: Content-* fields, an empty line, a body, in
 * lines that end with CRLF. Each is made whole and never changed afterwards:
 * a multipart holds its parts octet for octet, so what was signed stays so.
 *
 * Fields are those of engine/header-writer.h, bodies are encoded by
 * engine/encoder.h. Pure: boundaries come of a seed that the caller gives.
 */
#ifndef PLI_ENGINE_GMIME_ENTITY_H
#define PLI_ENGINE_GMIME_ENTITY_H

#include "engine/encoder-choice.h"
#include "engine/gmime/crypto.h"
#include "engine/header-writer.h"

#define PLI_ENTITY_ERROR (pli_entity_error_quark())
GQuark
pli_entity_error_quark(void);

typedef enum {
	PLI_ENTITY_ERROR_VALUE,	  /* an option that cannot be written */
	PLI_ENTITY_ERROR_MISSING, /* one that there has to be */
	PLI_ENTITY_ERROR_LARGE,	  /* the ceiling */
} PliEntityError;

/* How all entities of one message are written; the caller's memory. */
typedef struct {
	/* different for each message; the same gives the same octets */
	const char *seed;
	PliTransport transport; /* not BINARY */
	gboolean is_signed; /* nothing that transport may change stands bare */
	gsize ceiling;	    /* octets of any entity */
	guint n_boundaries; /* made so far; 0 */
} PliEntityWriter;

typedef struct {
	const char *type; /* "text/html" */
	const PliHeaderWriterParam *param; /* of the type, or NULL */
	PliSlice octets;  /* text: UTF-8, its lines end with LF or CRLF */
	gboolean is_text; /* line ends may change; else every octet counts */
	const char *disposition; /* or NULL: "attachment", "inline" */
	const char *filename;	 /* UTF-8, or NULL */
	const char *cid; /* without angle brackets, or NULL */
	const char *description; /* UTF-8, or NULL */
} PliEntityLeaf;

/* The transfer encoding is the smallest that is legal. A type of text gets
 * charset=utf-8, or us-ascii, when its octets are that. NULL: an error of
 * PLI_ENTITY_ERROR or PLI_HEADER_WRITER_ERROR; so for all below. */
GBytes *
pli_entity_new_leaf(const PliEntityWriter *writer, const PliEntityLeaf *leaf,
                    GError **error);

/*
 * A message inside: message/rfc822, down-converted when the transport wants it
 * (engine/convert.h), or only its header, text/rfc822-headers (RFC 6522 4).
 * Lines may end with LF alone.
 */
GBytes *
pli_entity_new_message(const PliEntityWriter *writer, PliSlice message,
                       gboolean only_header, GError **error);

/* `params` are added to the boundary. There is at least one part. */
GBytes *
pli_entity_new_multipart(PliEntityWriter *writer, const char *subtype,
                         const PliHeaderWriterParam *params, gsize n_params,
                         GBytes *const *parts, gsize n_parts, GError **error);

/* multipart/signed around an entity, by the key of `signer` (RFC 3156 5,
 * RFC 8551 3.5.3). Also a PLI_CRYPTO_FAILED. */
GBytes *
pli_entity_sign(PliEntityWriter *writer, PliCrypto *crypto,
                PliCryptoProtocol protocol, GBytes *entity, const char *signer,
                GError **error);

/* multipart/encrypted (RFC 3156 4) or enveloped-data (RFC 8551 3.3) for
 * recipients, addresses, NULL-terminated and not empty. */
GBytes *
pli_entity_encrypt(PliEntityWriter *writer, PliCrypto *crypto,
                   PliCryptoProtocol protocol, GBytes *entity,
                   char *const *recipients, GError **error);

#endif
