/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/detector.h"

#include <dlfcn.h>
#include <magic.h>
#include <string.h>

/* The ABI that magic.h is of. */
#define LIBRARY "libmagic.so.1"

struct PliDetector {
	void *library;
	magic_t magic;
	guint8 *head; /* of PLI_DETECTOR_OCTETS */
	gsize n;
	magic_t (*open)(int);
	void (*close)(magic_t);
	int (*load)(magic_t, const char *);
	const char *(*buffer)(magic_t, const void *, size_t);
	const char *(*error)(magic_t);
};

static gboolean
set_error(GError **error, const char *text)
{
	g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
		    "cannot detect types: %s",
		    text != NULL ? text : "libmagic does not say why");
	return FALSE;
}

/* A symbol into *ret_function, which is a pointer to a function. */
static gboolean
find_symbol(PliDetector *detector, const char *name, gpointer ret_function)
{
	gpointer symbol = dlsym(detector->library, name);

	memcpy(ret_function, &symbol, sizeof symbol);
	return symbol != NULL;
}

static gboolean
load(PliDetector *detector, GError **error)
{
	detector->library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (detector->library == NULL ||
	    !find_symbol(detector, "magic_open", &detector->open) ||
	    !find_symbol(detector, "magic_close", &detector->close) ||
	    !find_symbol(detector, "magic_load", &detector->load) ||
	    !find_symbol(detector, "magic_buffer", &detector->buffer) ||
	    !find_symbol(detector, "magic_error", &detector->error))
		return set_error(error, dlerror());
	detector->magic = detector->open(MAGIC_MIME_TYPE);
	if (detector->magic == NULL)
		return set_error(error, NULL);
	if (detector->load(detector->magic, NULL) != 0)
		return set_error(error, detector->error(detector->magic));
	return TRUE;
}

PliDetector *
pli_detector_new(GError **error)
{
	g_autoptr(PliDetector) detector = g_new0(PliDetector, 1);

	if (!load(detector, error))
		return NULL;
	detector->head = g_malloc(PLI_DETECTOR_OCTETS);
	return g_steal_pointer(&detector);
}

void
pli_detector_free(PliDetector *detector)
{
	if (detector == NULL)
		return;
	if (detector->magic != NULL)
		detector->close(detector->magic);
	if (detector->library != NULL)
		dlclose(detector->library);
	g_free(detector->head);
	g_free(detector);
}

void
pli_detector_begin(PliDetector *detector)
{
	detector->n = 0;
}

void
pli_detector_feed(PliDetector *detector, PliSlice octets)
{
	const gsize n = MIN(octets.len, PLI_DETECTOR_OCTETS - detector->n);

	if (n > 0)
		memcpy(detector->head + detector->n, octets.data, n);
	detector->n += n;
}

const char *
pli_detector_finish(PliDetector *detector)
{
	const char *type;

	if (detector->n == 0)
		return NULL;
	type = detector->buffer(detector->magic, detector->head, detector->n);
	return type != NULL && strchr(type, '/') != NULL ? type : NULL;
}
