/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is signed and sealed in a message, opened and checked: PGP/MIME
 * (RFC 3156) and S/MIME (RFC 8551), one inside the other.
 *
 * A *document* is a run of octets with parts: 0 is the message, each further
 * one what a layer held. A *layer* is a part of a document that signs or
 * seals. What a multipart/signed signs is read from the message as it lies
 * there, and it is exactly the octets that this structure has as the first
 * part (RFC 1847 2.1); no tree is written anew to be checked.
 *
 * Everything is bounded by PliLayersLimits; nothing recurses. What has no
 * octets of its own to be signed (header of the message, preamble, epilogue)
 * is signed by nobody.
 */
#ifndef PLI_ENGINE_GMIME_LAYERS_H
#define PLI_ENGINE_GMIME_LAYERS_H

#include "engine/gmime/crypto.h"
#include "engine/structure.h"

typedef enum {
	PLI_LAYER_PGP_SIGNED,	   /* multipart/signed */
	PLI_LAYER_PGP_ENCRYPTED,   /* multipart/encrypted */
	PLI_LAYER_PGP_INLINE,	   /* armor in a text: not opened */
	PLI_LAYER_SMIME_SIGNED,	   /* multipart/signed */
	PLI_LAYER_SMIME_OPAQUE,	   /* signed-data that holds its content */
	PLI_LAYER_SMIME_ENCRYPTED, /* enveloped-data */
	PLI_LAYER_SMIME_OTHER,	   /* compressed-data and such: not opened */
	PLI_LAYER_OTHER,	   /* multipart/signed, encrypted: by what? */
} PliLayerKind;

/* "pgp-signed" and so on; static. */
const char *
pli_layer_kind_get_name(PliLayerKind kind);

typedef enum {
	PLI_LAYER_DONE,	       /* opened; signatures, if any, were checked */
	PLI_LAYER_NO_KEY,      /* sealed for others */
	PLI_LAYER_DAMAGED,     /* no such octets, or changed ones */
	PLI_LAYER_MALFORMED,   /* not the parts that the RFC wants */
	PLI_LAYER_UNSUPPORTED, /* see kind */
	PLI_LAYER_LIMIT,       /* a ceiling was reached */
	PLI_LAYER_FAILED,      /* gpg or gpgsm did: see problem */
} PliLayerState;

const char *
pli_layer_state_get_name(PliLayerState state);

typedef struct {
	PliLayerKind kind;
	PliLayerState state;
	guint32 document;
	guint32 part; /* of that document */
	guint32 opened; /* the document it held; 0: none */
	guint32 covered; /* multipart/signed: the part that is; else NONE */
	char *problem;	/* a sentence, NULL when done */
	/* the address in From of the message it lies in; NULL: there is none,
	 * or more than one, or readers disagree which it is */
	char *from;
	GPtrArray *signatures; /* of PliCryptoSignature, maybe none */
} PliLayer;

typedef struct {
	PliSource *source;
	PliStructure *structure; /* read with PLI_LINE_AS_IS */
	guint32 layer;		 /* that held it; PLI_NONE for the message */
	guint32 depth;		 /* 0 for the message */
} PliLayerDocument;

typedef struct {
	guint32 layers; /* in all */
	guint32 depth;	/* documents in one another */
	gsize octets;	/* of one document that was sealed or signed */
	gsize total;	/* of all of them */
} PliLayersLimits;

extern const PliLayersLimits pli_layers_limits_default;

/* What to say of the message as a whole, from the best to the worst. */
typedef enum {
	PLI_LAYERS_GOOD,     /* every leaf, by who is in From */
	PLI_LAYERS_UNSIGNED, /* and nothing is sealed that was not opened */
	PLI_LAYERS_AMBIGUOUS, /* others may read other parts out of it */
	PLI_LAYERS_PARTIAL,  /* some leaves are not signed */
	PLI_LAYERS_OTHER_SIGNER, /* not the one in From, or nobody for it */
	PLI_LAYERS_UNTRUSTED,
	PLI_LAYERS_EXPIRED,
	PLI_LAYERS_KEY_EXPIRED,
	PLI_LAYERS_KEY_UNKNOWN,
	PLI_LAYERS_NOT_CHECKED, /* a layer that is not opened: see there */
	PLI_LAYERS_KEY_REVOKED,
	PLI_LAYERS_ERROR,
	PLI_LAYERS_BAD,
} PliLayersVerdict;

const char *
pli_layers_verdict_get_name(PliLayersVerdict verdict);

typedef struct {
	GArray *documents; /* of PliLayerDocument */
	GArray *layers;	   /* of PliLayer, by document and part */
	gboolean is_limited;
} PliLayers;

/*
 * `message` is whole and read with PLI_LINE_AS_IS; both are referenced.
 * `limits` NULL: the default. NULL with *error when `message` cannot be read;
 * what is wrong with a layer is told there.
 */
PliLayers *
pli_layers_new(PliCrypto *crypto, PliSource *message,
               PliStructure *structure, const PliLayersLimits *limits,
               GError **error);

void
pli_layers_free(PliLayers *layers);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliLayers, pli_layers_free)

static inline PliLayerDocument *
pli_layers_get_document(const PliLayers *layers, guint32 index)
{
	return &g_array_index(layers->documents, PliLayerDocument, index);
}

static inline PliLayer *
pli_layers_get_layer(const PliLayers *layers, guint32 index)
{
	return &g_array_index(layers->layers, PliLayer, index);
}

/* The layer at a part, or PLI_NONE. */
guint32
pli_layers_find(const PliLayers *layers, guint32 document, guint32 part);

/*
 * Whether a part is signed: some layer around it has only good signatures, at
 * least one. A key whose owner nobody vouches for counts if `any_key`.
 */
gboolean
pli_layers_is_signed(const PliLayers *layers, guint32 document, guint32 part,
                     gboolean any_key);

/* Whether a part is there to sign or to seal: a signature, the halves of
 * multipart/encrypted, an S/MIME object that was opened. Nobody signs these. */
gboolean
pli_layers_is_wrapping(const PliLayers *layers, guint32 document,
                       guint32 part);

/* `any_key`: a key whose owner nobody vouches for is as good as another, and
 * so is what it says of its addresses. */
PliLayersVerdict
pli_layers_get_verdict(const PliLayers *layers, gboolean any_key);

#endif
