package greeting

import (
	"errors"
	"strings"
	"testing"
)

func TestNewGreetsInALanguage(t *testing.T) {
	for language, want := range map[string]string{"": "Hello, Ada!", "de": "Hallo, Ada!", "es": "¡Hola, Ada!"} {
		got, err := New(" Ada ", language)
		if err != nil || got.Text != want {
			t.Errorf("New(%q): got %q, %v, want %q", language, got.Text, err, want)
		}
	}
}

func TestNewRefusesBadNames(t *testing.T) {
	for name, want := range map[string]error{"": ErrNoName, " ": ErrNoName, strings.Repeat("é", 65): ErrLongName} {
		if _, err := New(name, "en"); !errors.Is(err, want) {
			t.Errorf("New(%q): got %v, want %v", name, err, want)
		}
	}
}

func TestNewRefusesUnknownLanguages(t *testing.T) {
	var unknown UnknownLanguageError
	if _, err := New("Ada", "xx"); !errors.As(err, &unknown) || unknown.Language != "xx" {
		t.Errorf("got %v", err)
	}
}
