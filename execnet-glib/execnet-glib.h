/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#define EXECNET_INSIDE

#include <execnet-glib/base/execnet-enum-types.h>
#include <execnet-glib/base/execnet-error.h>
#include <execnet-glib/base/execnet-types.h>
#include <execnet-glib/base/execnet-version.h>
#include <execnet-glib/data/execnet-item.h>
#include <execnet-glib/data/execnet-source.h>
#include <execnet-glib/data/execnet-xspec.h>
#include <execnet-glib/objects/execnet-channel.h>
#include <execnet-glib/objects/execnet-channel-streams.h>
#include <execnet-glib/objects/execnet-gateway.h>
#include <execnet-glib/data/execnet-remote-error.h>
#include <execnet-glib/collections/execnet-receive-queue.h>
#include <execnet-glib/collections/execnet-multi-channel.h>
#include <execnet-glib/collections/execnet-group.h>
#include <execnet-glib/collections/execnet-map.h>

#undef EXECNET_INSIDE
