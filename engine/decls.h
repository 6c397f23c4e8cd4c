/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What stands around the declarations of an installed header: they have C
 * linkage in C++, and are what libpli exports. All else is compiled hidden.
 * A header that libpli does not install has neither of the two.
 */
#ifndef PLI_ENGINE_DECLS_H
#define PLI_ENGINE_DECLS_H

#include <glib.h>

#if defined(__GNUC__) && !defined(_WIN32)
#define PLI_BEGIN_DECLS G_BEGIN_DECLS _Pragma("GCC visibility push(default)")
#define PLI_END_DECLS _Pragma("GCC visibility pop") G_END_DECLS
#else
#define PLI_BEGIN_DECLS G_BEGIN_DECLS
#define PLI_END_DECLS G_END_DECLS
#endif

#endif
