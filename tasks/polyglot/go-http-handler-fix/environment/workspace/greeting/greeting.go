// Package greeting makes greetings in several languages.
package greeting

import (
	"errors"
	"fmt"
	"sort"
	"strings"
	"unicode/utf8"
)

// MaxNameLength is the longest name that is greeted, in characters.
const MaxNameLength = 64

// DefaultLanguage is used where none is asked for.
const DefaultLanguage = "en"

var (
	ErrNoName   = errors.New("name is required")
	ErrLongName = errors.New("name is too long")
)

// UnknownLanguageError names a language that there are no words for.
type UnknownLanguageError struct{ Language string }

func (e UnknownLanguageError) Error() string {
	return fmt.Sprintf("unknown language %q", e.Language)
}

var formats = map[string]string{
	"de": "Hallo, %s!",
	"en": "Hello, %s!",
	"es": "¡Hola, %s!",
	"fr": "Bonjour, %s !",
}

// Greeting is what is said, and in which language.
type Greeting struct {
	Text     string `json:"greeting"`
	Language string `json:"lang"`
}

// Languages lists the known languages in alphabetical order.
func Languages() []string {
	languages := make([]string, 0, len(formats))
	for language := range formats {
		languages = append(languages, language)
	}
	sort.Strings(languages)
	return languages
}

// New greets a name. The errors are ErrNoName, ErrLongName and UnknownLanguageError.
func New(name, language string) (Greeting, error) {
	name = strings.TrimSpace(name)
	if name == "" {
		return Greeting{}, ErrNoName
	}
	if utf8.RuneCountInString(name) > MaxNameLength {
		return Greeting{}, ErrLongName
	}
	if language == "" {
		language = DefaultLanguage
	}
	format, known := formats[language]
	if !known {
		return Greeting{}, UnknownLanguageError{language}
	}
	return Greeting{Text: fmt.Sprintf(format, name), Language: language}, nil
}
