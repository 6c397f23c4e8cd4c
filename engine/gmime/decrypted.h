/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A message with what was sealed in it standing open: each part that was
 * encrypted gives place to the entity that it held, octet for octet. A
 * message whose body was sealed keeps its header but for the Content-* fields,
 * which come from inside, and those that were sealed with the body
 * (engine/gmime/sealed-header.h); other fields inside do not come out, so that
 * no second From or Subject does.
 *
 * S/MIME signed-data is opened where something sealed lies in it, and left
 * otherwise. Signatures around and inside are not in what comes out: they are
 * in the layers.
 *
 * Nothing is copied; it refers to the documents of the layers.
 */
#ifndef PLI_ENGINE_GMIME_DECRYPTED_H
#define PLI_ENGINE_GMIME_DECRYPTED_H

#include "engine/gmime/layers.h"

#define PLI_DECRYPTED_ERROR (pli_decrypted_error_quark())
GQuark
pli_decrypted_error_quark(void);

typedef enum {
	PLI_DECRYPTED_ERROR_SEALED,   /* something could not be opened */
	PLI_DECRYPTED_ERROR_ENCODED,  /* it lies in an encoded multipart */
	PLI_DECRYPTED_ERROR_LIMIT,    /* not all of it was looked at */
	PLI_DECRYPTED_ERROR_BOUNDARY, /* would be read as other parts */
} PliDecryptedError;

typedef struct PliDecrypted PliDecrypted;

/*
 * The result is scanned before it is given: its leaves are those of the
 * message and of what was sealed, in order. `layers` is borrowed for the
 * life of what is returned. NULL: a PLI_DECRYPTED_ERROR, or one of reading.
 */
PliDecrypted *
pli_decrypted_new(const PliLayers *layers, GError **error);

void
pli_decrypted_free(PliDecrypted *decrypted);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliDecrypted, pli_decrypted_free)

/* How many layers gave place; 0: the message comes out as it is. */
guint
pli_decrypted_get_n_opened(const PliDecrypted *decrypted);

/* Whether a layer of the message gave place to what it held. */
gboolean
pli_decrypted_is_opened(const PliDecrypted *decrypted, guint32 layer);

/* Whether the signatures of a layer do not hold for what comes out. */
gboolean
pli_decrypted_is_signature_lost(const PliDecrypted *decrypted, guint32 layer);

/* READY: the next octets, valid until the next call; none at the end. */
PliStep
pli_decrypted_next(PliDecrypted *decrypted, PliSlice *ret_octets,
                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
