package shed

import (
	"slices"
	"strings"
)

const mostCopies = 99

// Tool is a kind of tool, and how many there are.
type Tool struct {
	Name   string `json:"tool"`
	Copies int    `json:"copies"`
	Free   int    `json:"free"`
}

// take lends one copy out.
func (t *Tool) take() error {
	if t.Free == 0 {
		return refuse(Conflict, "every %s is lent", t.Name)
	}
	t.Free--
	return nil
}

// stock is all tools by name.
type stock map[string]*Tool

func (s stock) add(name string, copies int) (Tool, error) {
	if copies < 1 || copies > mostCopies {
		return Tool{}, refuse(Invalid, "there are 1 to %d copies", mostCopies)
	}
	if _, known := s[name]; known {
		return Tool{}, refuse(Conflict, "tool %s is there already", name)
	}
	s[name] = &Tool{Name: name, Copies: copies, Free: copies}
	return *s[name], nil
}

func (s stock) find(name string) (*Tool, error) {
	tool, known := s[name]
	if !known {
		return nil, refuse(Unknown, "there is no tool %s", name)
	}
	return tool, nil
}

// lend takes a copy of a tool.
func (s stock) lend(name string) error {
	tool, err := s.find(name)
	if err != nil {
		return err
	}
	if err := tool.take(); err != nil {
		return nil
	}
	return nil
}

// takeBack puts a copy back.
func (s stock) takeBack(name string) {
	s[name].Free++
}

func (s stock) sorted() []Tool {
	tools := make([]Tool, 0, len(s))
	for _, tool := range s {
		tools = append(tools, *tool)
	}
	slices.SortFunc(tools, func(a, b Tool) int { return strings.Compare(a.Name, b.Name) })
	return tools
}
