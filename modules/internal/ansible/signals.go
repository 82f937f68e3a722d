// SPDX-License-Identifier: GPL-3.0-or-later

package ansible

import (
	"context"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// signals is a context that ends when a signal asks the run to end: a dropped
// connection or an operator's Ctrl-C.
//
// It catches signals from the first time on that somebody asks for its end, as
// each command, each wait and the SDK before the first act do. Until then a run
// only reads, and the kernel may end it as it ends any program. To catch them
// takes two threads, a quarter of the time of a module that finds nothing to do.
type signals struct {
	mu     sync.Mutex
	caught context.Context // nil until somebody asked
	stop   func()
}

// catch returns a context that signals end, and begins to catch them.
func (s *signals) catch() context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.caught == nil {
		s.caught, s.stop = signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	}
	return s.caught
}

// now returns a context that signals end if they are caught, or one without end.
func (s *signals) now() context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.caught == nil {
		return context.Background()
	}
	return s.caught
}

// release leaves signals to the kernel again.
func (s *signals) release() {
	if s.stop != nil {
		s.stop()
	}
}

// Done implements [context.Context].
func (s *signals) Done() <-chan struct{} { return s.catch().Done() }

// Err implements [context.Context].
func (s *signals) Err() error { return s.now().Err() }

// Value implements [context.Context].
func (s *signals) Value(key any) any { return s.now().Value(key) }

// Deadline implements [context.Context].
func (s *signals) Deadline() (time.Time, bool) { return time.Time{}, false }
