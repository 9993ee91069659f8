/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Lets ThreadSanitizer see how GLib orders threads.
 *
 * The system's GLib is not built for ThreadSanitizer, and its mutexes, conditions and reference
 * counts are atomics and futexes inside it: what they order would look like a race. So in a build
 * with that sanitizer every program gets these functions instead of GLib's own. Each calls the
 * real one, and tells the sanitizer what it means; nothing else changes.
 *
 * Only what GLib documents as ordering is told: a lock, the end of a once, a last reference that
 * goes away, and a source that is attached or woken in one thread and dispatched in another. */

#include <dlfcn.h>
#include <gio/gio.h>
#include <pthread.h>
#include <sanitizer/tsan_interface.h>
#include <sched.h>
#include <signal.h>

/* The macros of these names would keep us from defining the functions. */
#undef g_once_init_enter
#undef g_once_init_leave

#define EXPORT __attribute__ ((visibility ("default")))

/* Looks GLib's function of this name up, once. */
#define REAL(name)                                                                                 \
  ({                                                                                               \
    static __typeof__ (&name) real;                                                                \
    __typeof__ (&name) found = __atomic_load_n (&real, __ATOMIC_RELAXED);                          \
                                                                                                   \
    if (found == NULL)                                                                             \
      {                                                                                            \
        found = (__typeof__ (&name)) dlsym (RTLD_NEXT, #name);                                     \
        __atomic_store_n (&real, found, __ATOMIC_RELAXED);                                         \
      }                                                                                            \
    found;                                                                                         \
  })

/* Mutexes and conditions */

EXPORT void
g_mutex_lock (GMutex *mutex)
{
  __tsan_mutex_pre_lock (mutex, 0);
  REAL (g_mutex_lock) (mutex);
  __tsan_mutex_post_lock (mutex, 0, 0);
}

EXPORT gboolean
g_mutex_trylock (GMutex *mutex)
{
  gboolean locked;

  __tsan_mutex_pre_lock (mutex, __tsan_mutex_try_lock);
  locked = REAL (g_mutex_trylock) (mutex);
  __tsan_mutex_post_lock (mutex,
                          __tsan_mutex_try_lock | (locked ? 0 : __tsan_mutex_try_lock_failed),
                          0);
  return locked;
}

EXPORT void
g_mutex_unlock (GMutex *mutex)
{
  __tsan_mutex_pre_unlock (mutex, 0);
  REAL (g_mutex_unlock) (mutex);
  __tsan_mutex_post_unlock (mutex, 0);
}

EXPORT void
g_mutex_clear (GMutex *mutex)
{
  __tsan_mutex_destroy (mutex, 0);
  REAL (g_mutex_clear) (mutex);
}

/* While a condition is waited for, its mutex is free. The sanitizer holds signals back until the
 * thread that they came to calls a function it knows, which this one does not do meanwhile: so
 * SIGCHLD, which GLib waits for, has to go to another thread. */
static void
before_waiting (GMutex *mutex, sigset_t *old_signals)
{
  sigset_t signals;

  sigemptyset (&signals);
  sigaddset (&signals, SIGCHLD);
  pthread_sigmask (SIG_BLOCK, &signals, old_signals);
  __tsan_mutex_pre_unlock (mutex, 0);
  __tsan_mutex_post_unlock (mutex, 0);
}

static void
after_waiting (GMutex *mutex, const sigset_t *old_signals)
{
  __tsan_mutex_pre_lock (mutex, 0);
  __tsan_mutex_post_lock (mutex, 0, 0);
  pthread_sigmask (SIG_SETMASK, old_signals, NULL);
}

EXPORT void
g_cond_wait (GCond *cond, GMutex *mutex)
{
  sigset_t signals;

  before_waiting (mutex, &signals);
  REAL (g_cond_wait) (cond, mutex);
  after_waiting (mutex, &signals);
}

EXPORT gboolean
g_cond_wait_until (GCond *cond, GMutex *mutex, gint64 end_time)
{
  gboolean signalled;
  sigset_t signals;

  before_waiting (mutex, &signals);
  signalled = REAL (g_cond_wait_until) (cond, mutex, end_time);
  after_waiting (mutex, &signals);
  return signalled;
}

/* Doing something once. GLib's macros read the location themselves, with an acquiring load that
 * the sanitizer sees; what it can't see is the releasing store inside GLib. */

typedef struct
{
  GOnce *once;
  GThreadFunc func;
  gpointer argument;
} OnceCall;

static gpointer
call_once (gpointer data)
{
  OnceCall *call = data;
  gpointer result = call->func (call->argument);

  __tsan_release ((void *) &call->once->status);
  return result;
}

EXPORT gpointer
g_once_impl (GOnce *once, GThreadFunc func, gpointer argument)
{
  OnceCall call = { once, func, argument };
  gpointer result = REAL (g_once_impl) (once, call_once, &call);

  __tsan_acquire ((void *) &once->status);
  return result;
}

EXPORT gboolean
g_once_init_enter (volatile void *location)
{
  gboolean first = REAL (g_once_init_enter) (location);

  if (!first)
    __tsan_acquire ((void *) location);
  return first;
}

EXPORT void
g_once_init_leave (volatile void *location, gsize result)
{
  __tsan_release ((void *) location);
  REAL (g_once_init_leave) (location, result);
}

/* Reference counts */

EXPORT gboolean
g_atomic_ref_count_dec (gatomicrefcount *count)
{
  gboolean last;

  __tsan_release (count);
  last = REAL (g_atomic_ref_count_dec) (count);
  if (last)
    __tsan_acquire (count);
  return last;
}

static __thread GDestroyNotify clear_box;

static void
clear_released_box (gpointer box)
{
  GDestroyNotify clear = clear_box;

  __tsan_acquire (box);
  if (clear != NULL)
    clear (box);
}

EXPORT void
g_atomic_rc_box_release_full (gpointer box, GDestroyNotify clear)
{
  __tsan_release (box);
  clear_box = clear;
  REAL (g_atomic_rc_box_release_full) (box, clear_released_box);
}

EXPORT void
g_atomic_rc_box_release (gpointer box)
{
  g_atomic_rc_box_release_full (box, NULL);
}

/* What happens between the count and the end of these is out of reach, so each release acquires
 * what earlier ones released. */
#define WRAP_UNREF(name, type)                                                                     \
  EXPORT void name (type *object)                                                                  \
  {                                                                                                \
    __tsan_release (object);                                                                       \
    __tsan_acquire (object);                                                                       \
    REAL (name) (object);                                                                          \
  }

WRAP_UNREF (g_object_unref, void)
WRAP_UNREF (g_variant_unref, GVariant)
WRAP_UNREF (g_byte_array_unref, GByteArray)
WRAP_UNREF (g_ptr_array_unref, GPtrArray)
WRAP_UNREF (g_hash_table_unref, GHashTable)
WRAP_UNREF (g_main_context_unref, GMainContext)
WRAP_UNREF (g_main_loop_unref, GMainLoop)
WRAP_UNREF (g_source_unref, GSource)
WRAP_UNREF (g_thread_unref, GThread)

/* Bytes go from thread to thread all the time, and then the gap between the above and the count is
 * met now and then: here nobody else can come into it. The sanitizer must not see this lock, which
 * would order what nothing orders else. Freeing bytes can free others. */
static int bytes_lock;
static __thread int bytes_depth;

#define UNSEEN __attribute__ ((no_sanitize ("thread"), noinline))

UNSEEN static void
lock_bytes (void)
{
  if (bytes_depth++ == 0)
    while (__atomic_exchange_n (&bytes_lock, 1, __ATOMIC_ACQUIRE) != 0)
      sched_yield ();
}

UNSEEN static void
unlock_bytes (void)
{
  if (--bytes_depth == 0)
    __atomic_store_n (&bytes_lock, 0, __ATOMIC_RELEASE);
}

EXPORT void
g_bytes_unref (GBytes *bytes)
{
  lock_bytes ();
  __tsan_release (bytes);
  __tsan_acquire (bytes);
  REAL (g_bytes_unref) (bytes);
  unlock_bytes ();
}

/* Sources: what a thread did before it attached, changed or destroyed a source is visible where
 * the source's functions run, and the other way round. The context's lock orders them. */

typedef struct
{
  GSourceFuncs funcs;
  const GSourceFuncs *original;
} WatchedFuncs;

static const GSourceFuncs *
original_funcs (GSource *source)
{
  return ((WatchedFuncs *) source->source_funcs)->original;
}

static gboolean
watched_prepare (GSource *source, gint *timeout)
{
  gboolean ready;

  __tsan_acquire (source);
  ready = original_funcs (source)->prepare (source, timeout);
  __tsan_release (source);
  return ready;
}

static gboolean
watched_check (GSource *source)
{
  gboolean ready;

  __tsan_acquire (source);
  ready = original_funcs (source)->check (source);
  __tsan_release (source);
  return ready;
}

static gboolean
watched_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  gboolean keep;

  __tsan_acquire (source);
  keep = original_funcs (source)->dispatch (source, callback, user_data);
  __tsan_release (source);
  return keep;
}

static void
watched_finalize (GSource *source)
{
  __tsan_acquire (source);
  if (original_funcs (source)->finalize != NULL)
    original_funcs (source)->finalize (source);
}

/* One watched copy for each set of functions; they stay for the whole program. */
static const GSourceFuncs *
watched_funcs (const GSourceFuncs *original)
{
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  static GHashTable *copies;
  WatchedFuncs *copy;

  pthread_mutex_lock (&lock);
  if (copies == NULL)
    copies = g_hash_table_new (NULL, NULL);
  copy = g_hash_table_lookup (copies, original);
  if (copy == NULL)
    {
      copy = g_new0 (WatchedFuncs, 1);
      copy->funcs = *original;
      copy->original = original;
      copy->funcs.prepare = original->prepare != NULL ? watched_prepare : NULL;
      copy->funcs.check = original->check != NULL ? watched_check : NULL;
      copy->funcs.dispatch = watched_dispatch;
      copy->funcs.finalize = watched_finalize;
      g_hash_table_insert (copies, (gpointer) original, copy);
    }
  pthread_mutex_unlock (&lock);
  return &copy->funcs;
}

EXPORT guint
g_source_attach (GSource *source, GMainContext *context)
{
  source->source_funcs = watched_funcs (source->source_funcs);
  __tsan_release (source);
  return REAL (g_source_attach) (source, context);
}

EXPORT void
g_source_set_ready_time (GSource *source, gint64 ready_time)
{
  __tsan_release (source);
  REAL (g_source_set_ready_time) (source, ready_time);
}

EXPORT void
g_source_destroy (GSource *source)
{
  __tsan_release (source);
  __tsan_acquire (source);
  REAL (g_source_destroy) (source);
}

/* A context's owner sees what its last owner did. */

EXPORT gboolean
g_main_context_acquire (GMainContext *context)
{
  gboolean acquired = REAL (g_main_context_acquire) (context);

  if (acquired)
    __tsan_acquire (context != NULL ? context : g_main_context_default ());
  return acquired;
}

EXPORT void
g_main_context_release (GMainContext *context)
{
  __tsan_release (context != NULL ? context : g_main_context_default ());
  REAL (g_main_context_release) (context);
}

EXPORT gboolean
g_main_context_iteration (GMainContext *context, gboolean may_block)
{
  GMainContext *owned = context != NULL ? context : g_main_context_default ();
  gboolean dispatched;

  __tsan_acquire (owned);
  dispatched = REAL (g_main_context_iteration) (context, may_block);
  __tsan_release (owned);
  return dispatched;
}

EXPORT void
g_main_loop_run (GMainLoop *loop)
{
  GMainContext *context = g_main_loop_get_context (loop);

  __tsan_acquire (context);
  REAL (g_main_loop_run) (loop);
  __tsan_release (context);
  __tsan_acquire (loop);
}

EXPORT void
g_main_loop_quit (GMainLoop *loop)
{
  __tsan_release (loop);
  REAL (g_main_loop_quit) (loop);
}

/* Thread pools, which GTask uses: a pool's thread sees what the one that pushed the work did. */

typedef struct
{
  GFunc func;
  gpointer user_data;
} PoolCall;

static void
run_in_pool (gpointer data, gpointer user_data)
{
  PoolCall *call = user_data;

  __tsan_acquire (data);
  call->func (data, call->user_data);
}

EXPORT GThreadPool *
g_thread_pool_new (GFunc func, gpointer user_data, gint max_threads, gboolean own, GError **error)
{
  PoolCall *call = g_new (PoolCall, 1);

  call->func = func;
  call->user_data = user_data;
  return REAL (g_thread_pool_new) (run_in_pool, call, max_threads, own, error);
}

EXPORT gboolean
g_thread_pool_push (GThreadPool *pool, gpointer data, GError **error)
{
  __tsan_release (data);
  return REAL (g_thread_pool_push) (pool, data, error);
}

/* Inside GLib these attach a source without the function above. */
EXPORT void
g_main_context_invoke_full (GMainContext *context,
                            gint priority,
                            GSourceFunc func,
                            gpointer data,
                            GDestroyNotify notify)
{
  GMainContext *target = context != NULL ? context : g_main_context_default ();
  g_autoptr (GMainContext) own = g_main_context_ref_thread_default ();
  g_autoptr (GSource) source = NULL;

  if (g_main_context_is_owner (target))
    {
      REAL (g_main_context_invoke_full) (target, priority, func, data, notify);
      return;
    }
  if (own == target && g_main_context_acquire (target))
    {
      REAL (g_main_context_invoke_full) (target, priority, func, data, notify);
      g_main_context_release (target);
      return;
    }
  source = g_idle_source_new ();
  g_source_set_priority (source, priority);
  g_source_set_callback (source, func, data, notify);
  g_source_attach (source, target);
}

EXPORT void
g_main_context_invoke (GMainContext *context, GSourceFunc func, gpointer data)
{
  g_main_context_invoke_full (context, G_PRIORITY_DEFAULT, func, data, NULL);
}
