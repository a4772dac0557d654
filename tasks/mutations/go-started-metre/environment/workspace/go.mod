module ferryload

go 1.22
