/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the sessions of one worker share: made by daemon/worker.c, handed to
 * whoever carries out events. Owns nothing.
 */
#ifndef PLI_DAEMON_SERVICES_H
#define PLI_DAEMON_SERVICES_H

#include "daemon/accounts.h"
#include "daemon/auth.h"
#include "daemon/committer.h"
#include "daemon/config.h"
#include "daemon/conn.h"
#include "daemon/counters.h"
#include "daemon/delivery.h"
#include "daemon/directory.h"
#include "daemon/dns.h"
#include "daemon/greylister.h"
#include "daemon/log.h"
#include "daemon/moves.h"
#include "daemon/peer.h"
#include "daemon/post.h"
#include "daemon/rates.h"
#include "daemon/shared-spool.h"
#include "daemon/shared.h"
#include "daemon/worker.h"
#include "store/retries.h"

typedef struct {
	const PliConfig *config;
	const PliLog *log;
	PliCounters *counters;
	PliPost *post;
	PliConnLoop *conns;
	PliSharedSpool *spool;
	PliCommitter *committer;
	PliDelivery *delivery;
	PliAccounts *accounts;
	const PliWorkerHandler *handler;
	PliMoves *moves;
	const PliShared *shared;
	guint time_percent; /* that those who wait know of */
	PliRates *rates;    /* of all workers */
	PliDns *dns;
	PliGreylister *greylister;
	PliDirectory *directory;
	PliRetries *retries; /* NULL: who sends again is not recognised */
	PliAuth *auth;
	struct PliConverter *converter;	      /* daemon/converter.h */
	struct PliCheckpointer *checkpointer; /* daemon/checkpointer.h; NULL:
	                                         not offered */
	GThreadPool *pool;      /* of imap-access's tasks */
	GPtrArray *parsers;     /* PliParser, reset, for the next messages */
	gboolean stopping;      /* the pool takes no more tasks */
	guint64 next_message;   /* for message ids */
} PliServices;

/* A client's connection has ended. */
static inline void
pli_services_leave(const PliServices *services, const char *peer)
{
	services->handler->left(services->handler->data, peer);
}

#endif
