/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/retry.h"

#include <string.h>

static void
add_text(EVP_MD_CTX *digest, const char *text)
{
	text = text != NULL ? text : "";
	EVP_DigestUpdate(digest, text, strlen(text) + 1);
}

/* What makes a transaction of one recipient the same: the client, all of the
 * envelope that concerns the recipient, and the octets. */
static void
make_key(const PliMessage *message, const PliSpoolRecipient *recipient,
         const guint8 octets[PLI_RETRIES_KEY],
         guint8 ret_key[PLI_RETRIES_KEY])
{
	EVP_MD_CTX *digest = EVP_MD_CTX_new();

	g_assert(EVP_DigestInit_ex(digest, EVP_sha256(), NULL));
	add_text(digest, message->peer);
	add_text(digest, message->user);
	add_text(digest, message->sender);
	add_text(digest, message->parameters);
	add_text(digest, recipient->address);
	add_text(digest, recipient->account);
	add_text(digest, recipient->parameters);
	EVP_DigestUpdate(digest, octets, PLI_RETRIES_KEY);
	EVP_DigestFinal_ex(digest, ret_key, NULL);
	EVP_MD_CTX_free(digest);
}

static gint64
get_seconds(void)
{
	return g_get_real_time() / G_USEC_PER_SEC;
}

void
pli_retry_begin(PliMessage *message)
{
	PliRetries *retries = message->services->retries;
	guint8 octets[PLI_RETRIES_KEY], key[PLI_RETRIES_KEY];
	guint i, n = message->recipients->len;

	if (message->digest == NULL || retries == NULL)
		return;
	EVP_DigestFinal_ex(message->digest, octets, NULL);
	message->transactions = g_new0(guint, n);
	for (i = 0; i < n; i++) {
		PliSpoolRecipient *recipient = &g_array_index(
		        message->recipients, PliSpoolRecipient, i);
		char *origin = NULL;

		make_key(message, recipient, octets, key);
		message->transactions[i] = pli_retries_begin(
		        retries, key, get_seconds(), &origin);
		recipient->origin = origin;
	}
}

/* An answer on its way. */
typedef struct {
	PliRetries *retries;
	GArray *ended;  /* guint: transactions that it ends */
	GArray *failed; /* those that the client is to try again */
} Telling;

static void
end_all(PliRetries *retries, GArray *transactions, gboolean is_answered)
{
	guint i;

	for (i = 0; i < transactions->len; i++)
		pli_retries_end(retries,
		                g_array_index(transactions, guint, i),
		                is_answered, get_seconds());
	g_array_unref(transactions);
}

static void
on_told(gpointer data, gboolean is_told)
{
	Telling *telling = data;

	end_all(telling->retries, telling->ended, is_told);
	end_all(telling->retries, telling->failed, FALSE);
	g_free(telling);
}

void
pli_retry_answer(PliMessage *message, PliConn *conn, guint64 ask,
                 const PliAnswer *answer, const PliAnswer *outcomes)
{
	Telling *telling;
	guint i;

	if (message->transactions == NULL) {
		pli_conn_answer(conn, ask, answer);
		return;
	}
	telling = g_new(Telling, 1);
	*telling = (Telling){
	        .retries = message->services->retries,
	        .ended = g_array_new(FALSE, FALSE, sizeof(guint)),
	        .failed = g_array_new(FALSE, FALSE, sizeof(guint)),
	};
	for (i = 0; i < message->recipients->len; i++) {
		guint transaction = message->transactions[i];
		gboolean ends = outcomes != NULL &&
		                outcomes[i].verdict != PLI_VERDICT_TEMPORARY;

		if (transaction == 0)
			continue;
		g_array_append_val(ends ? telling->ended : telling->failed,
		                   transaction);
		if (ends)
			pli_retries_set_replying(telling->retries,
			                         transaction);
	}
	pli_conn_answer_told(conn, ask, answer, on_told, telling);
}
