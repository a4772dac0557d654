module lendd

go 1.23
